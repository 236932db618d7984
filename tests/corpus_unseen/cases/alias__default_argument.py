import epics


def nudge(name, value, *, via=epics.caput):
    return via(name, value)


nudge("BUMP:A", 0.3)
