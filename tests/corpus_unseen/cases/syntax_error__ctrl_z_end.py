import epics
epics.caput("Z:30", 1)
