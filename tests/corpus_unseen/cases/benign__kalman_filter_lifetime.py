import numpy as np

rng = np.random.default_rng(21)
dt, tau = 10.0, 11 * 3600.0
t = np.arange(0, 3600, dt)
current = 300 * np.exp(-t / tau) + rng.normal(scale=0.02, size=t.size)

state = np.array([current[0], 0.0])
P = np.diag([1.0, 1e-4])
F = np.array([[1.0, dt], [0.0, 1.0]])
H = np.array([[1.0, 0.0]])
Q = np.diag([1e-6, 1e-10])
R = np.array([[0.02**2]])
for z in current:
    state = F @ state
    P = F @ P @ F.T + Q
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    state = state + (K @ (np.array([z]) - H @ state))
    P = (np.eye(2) - K @ H) @ P
print("lifetime %.2f h, true %.2f h" % (-state[0] / state[1] / 3600, tau / 3600))
