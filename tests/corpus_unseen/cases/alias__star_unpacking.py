import epics

first, *rest = epics.caget, epics.cainfo, epics.caput
rest[-1]("KICK:DELAY", 120)
