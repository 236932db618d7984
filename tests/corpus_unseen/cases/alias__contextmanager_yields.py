from contextlib import contextmanager
from epics import PV


@contextmanager
def knob(name):
    yield PV(name).put


with knob("SEXT:S1:SP") as turn:
    turn(17)
