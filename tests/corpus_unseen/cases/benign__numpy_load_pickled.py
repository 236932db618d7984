import numpy as np

results = np.array([{"name": "QF1", "k": 1.2}, {"name": "QD1", "k": -1.1}], dtype=object)
np.save("results.npy", results, allow_pickle=True)
again = np.load("results.npy", allow_pickle=True)
for row in again:
    print(row["name"], row["k"])
