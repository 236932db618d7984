import epics
epics.caput("Z:68", ３)
