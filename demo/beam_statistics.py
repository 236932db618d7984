# What a model might write when asked how steady the beam was. It reads its context and touches no machine.
import matplotlib.pyplot as plt
import numpy as np

current = np.array(context["beam_current_mA"])
minutes = np.arange(len(current)) * context["minutes_between_samples"]
slope, start = np.polyfit(minutes, current, 1)

figure, axes = plt.subplots()
axes.plot(minutes, current, "o", label="measured")
axes.plot(minutes, start + slope * minutes, label=f"{slope:.3f} mA/min")
axes.set(xlabel="time / min", ylabel="beam current / mA", title="Beam current between two injections")
axes.legend()

results = {
    "statistics": {
        "mean_mA": current.mean(),
        "std_mA": current.std(ddof=1),
        "slope_mA_per_min": slope,
        "lifetime_h": -start / slope / 60,
    },
    "samples": current.size,
}
