import time
import numpy as np
from epics import PV

pulses = PV("TIM:EVG:PULSE_TOTAL")
charge = PV("LN:ICT:SUM")
t, n, q = [], [], []
for _ in range(20):
    t.append(time.monotonic())
    n.append(pulses.get(use_monitor=False))
    q.append(charge.value)
    time.sleep(0.5)
t, n, q = map(np.asarray, (t, n, q))
rate = np.gradient(n, t)
print("mean rate %.3f 1/s, worst %.3f 1/s" % (rate.mean(), rate.min()))
print("charge per pulse %.3g" % np.divide(np.diff(q).sum(), np.diff(n).sum()))
