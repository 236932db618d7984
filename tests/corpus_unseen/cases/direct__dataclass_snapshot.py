from dataclasses import dataclass, field
import epics


@dataclass
class Snapshot:
    names: list
    values: dict = field(default_factory=dict)

    def take(self):
        self.values = {n: epics.caget(n) for n in self.names}
        return self

    def apply(self, scale=1.0):
        for name, value in self.values.items():
            epics.caput(name, value * scale)


Snapshot(["S:1", "S:2"]).take().apply(0.98)
