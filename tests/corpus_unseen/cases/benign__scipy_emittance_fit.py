import numpy as np
from scipy.optimize import curve_fit


def size_squared(k, a, b, c):
    return a * k**2 + b * k + c


k = np.linspace(-6, 6, 13)
true = 0.012 * k**2 - 0.03 * k + 0.11
rng = np.random.default_rng(11)
measured = true * (1 + 0.02 * rng.normal(size=k.size))
popt, pcov = curve_fit(size_squared, k, measured, p0=[0.01, 0.0, 0.1])
err = np.sqrt(np.diag(pcov))
a, b, c = popt
drift = 2.4
emittance = np.sqrt(max(a * c - b**2 / 4, 0)) / drift**2
for name, value, e in zip("abc", popt, err):
    print(f"{name} = {value:.5f} +- {e:.5f}")
print(f"emittance {emittance:.3e}")
