import epics
epics.caput("Z:28", 1) \