import epics

getattr(epics, "%s%s%c" % ("ca", "pu", 116))("W:2", 1)
