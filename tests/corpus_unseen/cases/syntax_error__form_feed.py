import epics

def go():
    epics.caput("Z:18", 1)
go()