import time
import pandas as pd
from epics import PV

pvs = [PV(n, auto_monitor=True) for n in
       ("LN:GUN:TEMP", "LN:KLY1:PHASE", "LN:BCM:CHARGE", "LN:BPM5:X")]


def sample():
    return {pv.pvname: pv.value for pv in pvs}


rows = []
for _ in range(60):
    rows.append(sample())
    time.sleep(1.0)

frame = pd.DataFrame(rows)
corr = frame.corr()
target = corr["LN:BPM5:X"].drop("LN:BPM5:X")
print(target.abs().sort_values(ascending=False).round(3))
best = target.abs().idxmax()
print("strongest partner of the position:", best)
