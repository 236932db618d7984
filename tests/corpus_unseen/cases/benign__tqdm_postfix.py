import numpy as np
from tqdm import tqdm

rng = np.random.default_rng(0)
best, best_point = np.inf, None
bar = tqdm(range(200), disable=None)
for k in bar:
    bar.set_description(f"trial {k}")
    point = rng.uniform(-2, 2, size=3)
    cost = float((point**2).sum() + 0.1 * np.cos(5 * point).sum())
    if cost < best:
        best, best_point = cost, point
        bar.set_postfix(best=f"{best:.4f}")
bar.close()
tqdm.write(f"best {best:.4f} at {best_point.round(3)}")
