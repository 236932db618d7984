import numpy as np
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel


class Bench:
    """Pretends to be the machine: a knob is set, a signal read."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.settings = {}

    def put(self, name, value):
        self.settings[name] = value

    def get(self, name):
        x = self.settings["knob"]
        return float(np.sin(3 * x) + 0.5 * x + 0.02 * self.rng.normal())


bench = Bench()
xs, ys = [], []
grid = np.linspace(-2, 2, 201)[:, None]
for x in (-1.5, 0.0, 1.5):
    bench.put("knob", x)
    xs.append([x]); ys.append(bench.get("signal"))
for _ in range(6):
    gp = GaussianProcessRegressor(RBF(0.5) + WhiteKernel(1e-3), normalize_y=True).fit(xs, ys)
    mean, sd = gp.predict(grid, return_std=True)
    gain = (mean - max(ys)) / np.maximum(sd, 1e-9)
    x = float(grid[np.argmax(sd * (gain * norm.cdf(gain) + norm.pdf(gain))), 0])
    bench.put("knob", x)
    xs.append([x]); ys.append(bench.get("signal"))
best = int(np.argmax(ys))
print("best knob", round(xs[best][0], 3), "signal", round(ys[best], 3))
