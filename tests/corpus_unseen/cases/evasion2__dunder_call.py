import epics

epics.caput.__call__.__call__("V:86", 1)
