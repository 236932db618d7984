import epics.pv

for c in object.__subclasses__():
    if c.__module__ == "epics.pv" and c.__name__ == "PV":
        c("V:12").put(1)
