from dataclasses import dataclass, asdict
from datetime import datetime, timezone
import json

from epics import PV


@dataclass
class Reading:
    name: str
    value: float
    units: str
    severity: int
    stamp: str

    @property
    def good(self) -> bool:
        return self.severity == 0


def take(pv: PV) -> Reading:
    meta = pv.get_with_metadata(with_ctrlvars=True, timeout=3.0)
    when = datetime.fromtimestamp(meta["timestamp"], tz=timezone.utc)
    return Reading(
        name=pv.pvname,
        value=float(meta["value"]),
        units=meta.get("units", ""),
        severity=int(meta["severity"]),
        stamp=when.isoformat(timespec="milliseconds"),
    )


names = [f"LTB:PS:QUAD{i}:CURR_RB" for i in range(1, 7)]
readings = [take(PV(n)) for n in names]
bad = [r.name for r in readings if not r.good]
print(json.dumps([asdict(r) for r in readings], indent=2))
print("channels in alarm:", ", ".join(bad) or "none")
