import epics


def quads(cells):
    for c in cells:
        yield epics.PV(f"SR{c:02d}:QD:SP")


for q in quads(range(3)):
    q.put(31.0)
