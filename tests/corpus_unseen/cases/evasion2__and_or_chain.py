import epics

ready = True
ready and epics.caput("Y:16", 1)
