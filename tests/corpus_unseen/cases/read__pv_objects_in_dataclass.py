from dataclasses import dataclass, field
from statistics import fmean
from typing import Optional

from epics import PV


@dataclass
class Pump:
    cell: int
    current: PV
    pressure: PV
    samples: list = field(default_factory=list)

    def refresh(self) -> Optional[float]:
        value = self.pressure.get()
        if value is not None:
            self.samples.append(value)
        return value


def build(cell):
    prefix = f"SR:C{cell:02d}:IP"
    return Pump(cell, PV(prefix + ":I"), PV(prefix + ":P"))


def report(pumps):
    for pump in pumps:
        mean = fmean(pump.samples) if pump.samples else float("nan")
        print(f"cell {pump.cell:>2}: {mean:.3g} {pump.pressure.units}, {pump.current.value:.3g} A")


pumps = [build(c) for c in range(1, 5)]
for _ in range(3):
    for pump in pumps:
        pump.refresh()
report(pumps)
print("highest:", max(pumps, key=lambda p: p.pressure.get() or 0).cell)
