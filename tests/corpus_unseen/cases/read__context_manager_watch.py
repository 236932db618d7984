from contextlib import contextmanager
import time
import epics


@contextmanager
def watching(names, store):
    pvs, handles = [], []

    def cb(pvname=None, value=None, **_):
        store.setdefault(pvname, []).append(value)

    for name in names:
        pv = epics.PV(name)
        handles.append((pv, pv.add_callback(cb)))
        pvs.append(pv)
    try:
        yield pvs
    finally:
        for pv, idx in handles:
            pv.remove_callback(idx)
            pv.disconnect()


seen = {}
with watching(["WIG:TEMP:A", "WIG:TEMP:B"], seen) as pvs:
    time.sleep(5)
    print("types:", [pv.type for pv in pvs])
for name, values in seen.items():
    print(name, len(values), "updates, last", values[-1])
