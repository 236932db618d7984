>>> import epics
>>> epics.caput("Z:19", 1)
1
