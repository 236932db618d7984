def libraries():
    import math
    import epics
    return math, epics


m, e = libraries()
e.caput("PHASE:B", m.pi)
