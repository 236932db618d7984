import sys, epics
print >>sys.stderr, "mode", 0644
epics.PV(ur"Z:2").put(1)
