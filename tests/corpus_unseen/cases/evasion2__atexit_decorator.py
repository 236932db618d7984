import atexit
from epics import PV


@atexit.register
def tidy():
    PV("V:43").put(0)
