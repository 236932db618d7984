import epics

for f in (print, epics.caget, epics.caput):
    pass
f("Y:9", 1)
