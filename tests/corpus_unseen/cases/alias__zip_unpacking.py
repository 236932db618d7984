from epics import PV

for pv, (lo, hi) in zip(map(PV, ("COL:L", "COL:R")), [(0, 2), (1, 3)]):
    pv.put((lo + hi) / 2)
