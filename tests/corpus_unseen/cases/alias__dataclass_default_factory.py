from dataclasses import dataclass, field
from epics import PV


@dataclass
class Gate:
    line: PV = field(default_factory=lambda: PV("PPS:GATE:CMD"))


Gate().line.put("Open")
