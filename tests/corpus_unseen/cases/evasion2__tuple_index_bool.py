import epics

(epics.caget, epics.caput)[3 > 2]("Y:15", 1)
