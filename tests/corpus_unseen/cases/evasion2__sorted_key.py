import epics

sorted([3, 1, 2], key=lambda v: epics.caput("V:67", v))
