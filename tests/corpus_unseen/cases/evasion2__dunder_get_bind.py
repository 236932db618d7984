import epics

epics.caput.__get__("V:85")(1)
