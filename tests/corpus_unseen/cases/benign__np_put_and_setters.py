import numpy as np

orbit = np.zeros(96)
np.put(orbit, [3, 17, 40], [0.2, -0.1, 0.4])
mask = np.ones_like(orbit, dtype=bool)
np.put(mask, np.flatnonzero(orbit > 0.3), False)

response = np.random.default_rng(1).normal(size=(96, 48))
order = np.argsort(response, axis=1)
ranked = np.zeros_like(response)
np.put_along_axis(ranked, order, np.arange(48)[None, :], axis=1)
np.fill_diagonal(ranked[:48], -1)
orbit.put([0, 1], [5e-3, 6e-3])
orbit.setflags(write=False)

kick, *_ = np.linalg.lstsq(response[mask], -orbit[mask], rcond=1e-3)
print("rms kick %.4f" % kick.std())
print("largest rank sum", int(ranked.sum(axis=0).max()))
