import epics

assert epics.caput("V:117", 1), "not reached"
