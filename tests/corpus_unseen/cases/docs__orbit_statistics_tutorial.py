# Tutorial: orbit statistics from the BPMs
#
# Step 1: the names
from epics import caget_many
import numpy as np
import matplotlib.pyplot as plt

names = [f"SR:C{c:02d}:BPM{b}:X" for c in range(1, 17) for b in range(1, 5)]

# Step 2: take twenty orbits. caget_many asks for all channels at once;
# to change a corrector you would use caput, which this tutorial does not do.
orbits = np.array([caget_many(names) for _ in range(20)], dtype=float)

# Step 3: the mean and the noise
mean, noise = orbits.mean(axis=0), orbits.std(axis=0)
print("rms orbit %.3f mm, median noise %.4f mm" % (np.sqrt((mean**2).mean()), np.median(noise)))

# Step 4: a picture
plt.errorbar(np.arange(len(names)), mean, yerr=noise, fmt=".")
plt.xlabel("BPM number")
plt.ylabel("x [mm]")
plt.savefig("orbit.svg")
