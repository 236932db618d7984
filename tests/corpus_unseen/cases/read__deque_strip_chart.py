from collections import deque
import time

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from epics import PV

WINDOW = 600
history = deque(maxlen=WINDOW)


def on_change(pvname=None, value=None, timestamp=None, **kwargs):
    history.append((timestamp, value))


vacuum = PV("SR:VAC:GAUGE07:PRESSURE", auto_monitor=True)
index = vacuum.add_callback(on_change)
time.sleep(30)
vacuum.remove_callback(index)

if not history:
    raise SystemExit("no updates within 30 s")

t0 = history[0][0]
fig, ax = plt.subplots(figsize=(8, 3))
ax.plot([t - t0 for t, _ in history], [v for _, v in history], drawstyle="steps-post")
ax.set_xlabel("time [s]")
ax.set_ylabel(f"pressure [{vacuum.units}]")
ax.set_title(vacuum.pvname)
fig.tight_layout()
fig.savefig("gauge07.png", dpi=120)
print(f"{len(history)} points drawn")
