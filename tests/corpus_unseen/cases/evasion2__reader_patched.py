import epics

epics.caget = epics.caput
epics.caget("V:80", 1)
