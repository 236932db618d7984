import cothread
from cothread.catools import caget, camonitor, FORMAT_TIME
import numpy as np

names = ["SR%02dC-DI-EBPM-%02d:SA:X" % (c, n) for c in range(1, 4) for n in range(1, 4)]
start = np.array(caget(names, timeout=3))
last = start.copy()
peak = np.zeros(len(names))


def moved(value, index):
    last[index] = value
    peak[index] = max(peak[index], abs(float(value) - start[index]))


subs = camonitor(names, moved, format=FORMAT_TIME)
cothread.Sleep(15)
for s in subs:
    s.close()

order = np.argsort(peak)[::-1]
for i in order[:5]:
    print(f"{names[i]}  peak excursion {peak[i]:.4f} mm")
np.savez("orbit_noise.npz", names=names, start=start, last=last, peak=peak)
