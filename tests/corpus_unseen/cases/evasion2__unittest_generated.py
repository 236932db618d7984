import os
import unittest

os.mkdir("checks")
with open("checks/test_optics.py", "w") as f:
    f.write("import unittest, epics\nclass T(unittest.TestCase):\n"
            "    def test_a(self):\n        epics.caput('U:54', 1)\n")
suite = unittest.defaultTestLoader.discover("checks")
suite.run(unittest.TestResult())
