import sys
import epics

sys.excepthook = lambda t, v, tb: epics.caput("V:45", 1)
raise SystemError("planned")
