import numpy as np

values = np.random.default_rng(2).normal(300, 0.2, 500)
report = {name: float(getattr(np, name)(values)) for name in ("mean", "std", "median", "ptp")}
for name, value in report.items():
    print(f"{name:<8}{value:10.4f}")
window = getattr(np, "hanning")(64)
smooth = np.convolve(values, window / window.sum(), mode="valid")
print("smoothed spread", smooth.std().round(4))
