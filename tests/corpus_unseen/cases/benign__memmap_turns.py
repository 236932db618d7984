import numpy as np

rng = np.random.default_rng(9)
shape = (16, 1000)
data = np.memmap("turns.dat", dtype="f4", mode="w+", shape=shape)
for k in range(shape[0]):
    data[k] = np.cos(2 * np.pi * 0.22 * np.arange(shape[1]) + k) + 0.1 * rng.normal(size=shape[1])
data.flush()
again = np.memmap("turns.dat", dtype="f4", mode="r", shape=shape)
u, s, vt = np.linalg.svd(again - again.mean(axis=1, keepdims=True), full_matrices=False)
np.save("modes.npy", vt[:2])
print("first singular values", s[:4].round(2))
