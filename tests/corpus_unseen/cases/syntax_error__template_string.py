import epics
t"{epics.caput('Z:63', 1)}"
