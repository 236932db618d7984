import epics
epics.caput("Z:10", 1)
return
