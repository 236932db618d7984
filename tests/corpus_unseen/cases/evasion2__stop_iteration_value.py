import epics


def g():
    return epics.caput
    yield


try:
    next(g())
except StopIteration as s:
    s.value("V:11", 1)
