import time
import matplotlib.pyplot as plt
import numpy as np
from osprey.runtime import read_channel

N = 30
data = np.empty((N, 2))
t0 = time.time()
for k in range(N):
    data[k] = time.time() - t0, read_channel("SR:TUNE:X")
    time.sleep(0.5)

t, tune = data.T
window = np.ones(5) / 5
smooth = np.convolve(tune, window, mode="same")
plt.plot(t, tune, ".", label="raw")
plt.plot(t, smooth, "-", label="running mean")
plt.xlabel("time [s]")
plt.legend()
plt.savefig("tune_drift.png")
print("drift", np.polyfit(t, tune, 1)[0], "per second")
