import numpy as np
from lmfit import Model


def reflection(f, f0, q, depth):
    detune = 2 * q * (f - f0) / f0
    return 1 - depth / (1 + detune**2)


f = np.linspace(499.0, 500.4, 300)
data = reflection(f, 499.67, 2200, 0.93)
data = data + np.random.default_rng(5).normal(scale=0.01, size=f.size)

model = Model(reflection)
params = model.make_params(f0=499.6, q=1500, depth=0.8)
params["q"].set(min=100, max=1e5)
params["depth"].value = 0.9
params["f0"].min = f.min()
params["f0"].max = f.max()
result = model.fit(data, params, f=f)
print(result.fit_report(show_correl=False))
for name, par in result.params.items():
    print(name, par.value, par.stderr)
