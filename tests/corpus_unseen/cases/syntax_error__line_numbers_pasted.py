1 import epics
2 epics.caput("Z:20", 1)
