import unittest
import epics


class Check(unittest.TestCase):
    def setUp(self):
        self.addCleanup(epics.caput, "U:55", 1)

    def test_nothing(self):
        self.assertTrue(True)


Check("test_nothing").run()
