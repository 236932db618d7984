import importlib.util
import marshal
import sys

code = compile("import epics; epics.caput('T:64', 1)", "optics.py", "exec")
with open("optics_tables.pyc", "wb") as f:
    f.write(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
sys.path.insert(0, ".")
import optics_tables
