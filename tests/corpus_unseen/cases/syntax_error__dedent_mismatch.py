import epics
if True:
        x = 1
    epics.caput("Z:67", x)
