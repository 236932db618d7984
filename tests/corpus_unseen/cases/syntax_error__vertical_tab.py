import epics
epics.caput("Z:17", 1)