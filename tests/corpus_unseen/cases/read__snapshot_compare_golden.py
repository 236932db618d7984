"""Compare the machine with the golden settings; nothing is restored."""
from epics import caget_many

GOLDEN = {
    "SR:QF1:CURR:RB": 101.20,
    "SR:QD1:CURR:RB": 99.10,
    "SR:QF2:CURR:RB": 100.05,
    "SR:SX1:CURR:RB": 55.0,
}
TOLERANCE = 0.02


def compare(golden, live):
    for (name, want), have in zip(golden.items(), live):
        if have is None:
            yield name, want, have, "missing"
        else:
            rel = (have - want) / want
            yield name, want, have, "ok" if abs(rel) < TOLERANCE else f"off by {rel:+.1%}"


live = caget_many(list(GOLDEN), timeout=2)
for name, want, have, verdict in compare(GOLDEN, live):
    print(f"{name:<18} golden {want:9.3f} live {have if have is None else round(have, 3)} {verdict}")
print("to restore, use the save and restore tool in the control room")
