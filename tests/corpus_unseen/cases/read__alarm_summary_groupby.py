from itertools import groupby
from operator import attrgetter
from types import SimpleNamespace

import epics

SEVERITY = ("NO_ALARM", "MINOR", "MAJOR", "INVALID")


def status(name):
    pv = epics.get_pv(name, connect=True, timeout=1)
    value = pv.get()
    return SimpleNamespace(name=name, value=value, severity=pv.severity or 0, stamp=pv.timestamp)


names = [f"SR:WATER:FLOW{i:02d}" for i in range(1, 16)]
states = sorted(map(status, names), key=attrgetter("severity", "name"), reverse=True)
for severity, group in groupby(states, key=attrgetter("severity")):
    group = list(group)
    print(f"{SEVERITY[severity]:<10} {len(group)}: {', '.join(s.name for s in group[:4])}")
