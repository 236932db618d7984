import epics
epics.caput(“Z:14”, 1)
