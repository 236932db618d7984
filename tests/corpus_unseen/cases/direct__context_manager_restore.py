from contextlib import contextmanager
from epics import PV


@contextmanager
def temporarily(name, value):
    pv = PV(name)
    before = pv.get()
    pv.put(value)
    try:
        yield pv
    finally:
        pv.put(before)


with temporarily("FB:ORBIT:ENABLE", 0):
    print("feedback is off for the measurement")
