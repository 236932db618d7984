import inspect
from dataclasses import dataclass, fields


@dataclass
class Cavity:
    """One accelerating cavity."""
    name: str
    voltage: float = 0.0
    phase: float = 0.0

    def energy_gain(self, charge: float = 1.0) -> float:
        """Gain in eV."""
        return charge * self.voltage


cavity = Cavity("CAV1", 1.2e6)
print(type(cavity).__name__, cavity.__class__.__name__, vars(cavity))
print([f"{f.name}={f.default!r}" for f in fields(cavity)])
print(inspect.signature(Cavity.energy_gain), "-", inspect.getdoc(Cavity.energy_gain))
for name, member in inspect.getmembers(cavity, callable):
    if not name.startswith("_"):
        print("method", name, member())
