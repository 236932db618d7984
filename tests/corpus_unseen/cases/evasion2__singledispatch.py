from functools import singledispatch
import epics


@singledispatch
def handle(x, v):
    pass


handle.register(str, epics.caput)
handle("V:87", 1)
