import math
import time

import epics
from p4p.client.thread import Context

NAMES = ["SR:DCCT:CURRENT", "SR:RF:FREQ"]


def timed(func, *args, **kwargs):
    start = time.perf_counter()
    value = func(*args, **kwargs)
    return value, (time.perf_counter() - start) * 1e3


with Context("pva") as pva:
    for name in NAMES:
        a, ta = timed(epics.caget, name, timeout=2)
        b, tb = timed(pva.get, name, timeout=2)
        agree = math.isclose(float(a), float(b), rel_tol=0.2)
        print(f"{name}: CA {a:.4f} in {ta:.1f} ms, PVA {float(b):.4f} in {tb:.1f} ms, agree {agree}")
