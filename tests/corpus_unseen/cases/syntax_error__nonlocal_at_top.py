import epics
nonlocal x
epics.caput("Z:11", 1)
