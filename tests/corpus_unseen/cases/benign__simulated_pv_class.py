"""A little soft process variable for trying feedback code at a desk."""
from typing import Callable, List


class PV:
    def __init__(self, pvname: str, initial: float = 0.0):
        self.pvname = pvname
        self._value = initial
        self._callbacks: List[Callable] = []

    def add_callback(self, fn):
        self._callbacks.append(fn)

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, new):
        self.put(new)

    def put(self, new, wait=False):
        self._value = float(new)
        for fn in self._callbacks:
            fn(pvname=self.pvname, value=self._value)

    def get(self):
        return self._value


setpoint = PV("SIM:HEATER:SP", 20.0)
readback = PV("SIM:HEATER:RB", 20.0)
setpoint.add_callback(lambda value=None, **kw: readback.put(0.5 * (readback.get() + value)))
for target in (30, 40, 50):
    setpoint.put(target, wait=True)
    setpoint.value = target + 1
    print(target, "->", readback.get())
