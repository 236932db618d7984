import epics
def go():
    epics.caput("Z:15", 1)
go()