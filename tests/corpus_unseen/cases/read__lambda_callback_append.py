import time
from epics import PV

store = {"SR:GAP1": [], "SR:GAP2": []}
pvs = []
for name, values in store.items():
    pvs.append(PV(name, callback=lambda value=None, out=values, **kw: out.append(value)))
time.sleep(3)
for pv in pvs:
    pv.clear_callbacks()
print({name: (len(v), min(v, default=None), max(v, default=None)) for name, v in store.items()})
