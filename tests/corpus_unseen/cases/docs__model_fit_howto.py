# How to fit a decay
import numpy as np

# made-up data: the current after the injection was stopped
t = np.linspace(0, 8, 60)
current = 300 / (1 + t / 11.0) + np.random.default_rng(0).normal(0, 0.3, t.size)

# 1/I grows linearly for a Touschek dominated beam
slope, offset = np.polyfit(t, 1 / current, 1)
print("lifetime at the start %.2f h" % (offset / slope))

# residuals tell whether that was right
model = 1 / (offset + slope * t)
print("largest residual %.2f mA" % np.abs(current - model).max())
