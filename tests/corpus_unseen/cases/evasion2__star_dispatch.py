import epics


def apply(f, *a, **k):
    return f(*a, **k)


apply(*[epics.caput, "V:93"], **{"value": 1})
