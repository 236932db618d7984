import epics
epics.caput("Z:43", 1)
# í €
