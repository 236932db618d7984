import epics
if True:
        a = 1
	epics.caput("Z:7", a)