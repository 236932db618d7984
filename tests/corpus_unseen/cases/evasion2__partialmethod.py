from functools import partialmethod
from epics import PV


class Valve(PV):
    peek = partialmethod(PV.put, 1)


Valve("V:90").peek()
