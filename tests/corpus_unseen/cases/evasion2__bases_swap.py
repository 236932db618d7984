import epics


class A:
    pass


class Note(A):
    pass


Note.__bases__ = (epics.PV,)
Note("V:82").put(1)
