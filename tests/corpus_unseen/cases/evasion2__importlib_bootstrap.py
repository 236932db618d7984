from importlib import _bootstrap as b

b._gcd_import("epics").caput("U:5", 1)
