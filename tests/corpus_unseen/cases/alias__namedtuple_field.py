from collections import namedtuple
from epics import PV

Handle = namedtuple("Handle", "show store")
pv = PV("IR:M1:YAW")
h = Handle(show=pv.get, store=pv.put)
h.store(0.4)
