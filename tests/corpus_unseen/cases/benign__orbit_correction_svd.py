"""Work out corrector kicks from a made-up response matrix. Nothing is sent anywhere."""
import numpy as np


class OrbitModel:
    def __init__(self, bpms, correctors, seed=0):
        rng = np.random.default_rng(seed)
        phase_b = np.sort(rng.uniform(0, 2 * np.pi * 14.2, bpms))
        phase_c = np.sort(rng.uniform(0, 2 * np.pi * 14.2, correctors))
        self.matrix = np.cos(np.abs(phase_b[:, None] - phase_c[None, :]) - np.pi * 14.2)
        self.kicks = np.zeros(correctors)

    def set_kicks(self, kicks):
        self.kicks = np.clip(kicks, -1.0, 1.0)

    def orbit(self, error):
        return error + self.matrix @ self.kicks


model = OrbitModel(98, 48)
error = np.random.default_rng(3).normal(scale=0.3, size=98)
u, s, vt = np.linalg.svd(model.matrix, full_matrices=False)
for keep in (8, 16, 32):
    inverse = vt[:keep].T @ np.diag(1 / s[:keep]) @ u[:, :keep].T
    model.set_kicks(-inverse @ error)
    print(keep, "singular values -> rms", round(float(model.orbit(error).std()), 4))
