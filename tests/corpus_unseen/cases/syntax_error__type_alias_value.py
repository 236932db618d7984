import epics
type Gap = epics.caput("Z:60", 1)
print(Gap.__value__)
