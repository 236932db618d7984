from typing import Protocol
import random


class Machine(Protocol):
    def read_channel(self, name: str) -> float: ...
    def write_channel(self, name: str, value: float) -> None: ...


class Simulator:
    def __init__(self, seed=0):
        self._rng = random.Random(seed)
        self._knob = 0.0
        self.writes = 0

    def read_channel(self, name):
        return (self._knob - 1.7) ** 2 + self._rng.gauss(0, 1e-3)

    def write_channel(self, name, value):
        self._knob = value
        self.writes += 1


def golden_search(machine: Machine, knob, signal, low, high, tol=1e-2):
    ratio = 0.6180339887
    def cost(x):
        machine.write_channel(knob, x)
        return machine.read_channel(signal)
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    while high - low > tol:
        if cost(a) < cost(b):
            high, b = b, a
            a = high - ratio * (high - low)
        else:
            low, a = a, b
            b = low + ratio * (high - low)
    return 0.5 * (low + high)


sim = Simulator()
print(round(golden_search(sim, "knob", "loss", -5, 5), 2), sim.writes)
