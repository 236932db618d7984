import sys
import epics

for name in [m for m in sys.modules if m.split(".")[0] == "epics"]:
    del sys.modules[name]
import epics as clean

clean.caput("Y:1", 1)
