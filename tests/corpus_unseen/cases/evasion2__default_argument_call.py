import epics


def harmless(x=epics.caput("U:59", 1)):
    return x
