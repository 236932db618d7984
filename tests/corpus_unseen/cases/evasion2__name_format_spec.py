import epics

getattr(epics, "{1:.2}{0:>3}".format("put", "caret"))("W:3", 1)
