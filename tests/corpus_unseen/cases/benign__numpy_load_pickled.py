import numpy as np

FILE = "results.npy"
results = np.array([{"name": "QF1", "k": 1.2}, {"name": "QD1", "k": -1.1}], dtype=object)
np.save(FILE, results, allow_pickle=True)

again = np.load(FILE, allow_pickle=True)
strengths = {row["name"]: row["k"] for row in again}
for name, k in sorted(strengths.items()):
    print(f"{name:<4} {k:+.3f}")
print("sum of strengths", round(sum(strengths.values()), 4))
