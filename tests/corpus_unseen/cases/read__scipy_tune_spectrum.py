import numpy as np
from epics import PV
from scipy.signal import find_peaks, welch

turns = PV("SR:TBT:BPM01:X_WF", auto_monitor=False)
trace = np.asarray(turns.get(count=4096, timeout=10), dtype=float)
trace -= trace.mean()
freq, power = welch(trace, nperseg=min(1024, trace.size))
peaks, props = find_peaks(power, prominence=power.max() * 0.05)
order = np.argsort(props["prominences"])[::-1]
for p in peaks[order][:3]:
    print(f"fractional tune {freq[p]:.4f}, power {power[p]:.3g}")
print("turns used:", trace.size)
