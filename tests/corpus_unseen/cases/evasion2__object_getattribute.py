import epics

object.__getattribute__(epics, "caput")("V:19", 1)
