from dataclasses import dataclass
from typing import Callable
from cothread import catools


@dataclass(frozen=True)
class Actuator:
    name: str
    act: Callable

    def go(self, value):
        return self.act(self.name, value)


Actuator("FE02:ABSB:CON", catools.caput).go(0)
