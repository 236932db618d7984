import epics
if True:
	if False:
		pass
	epics.caput("Z:8", 1)