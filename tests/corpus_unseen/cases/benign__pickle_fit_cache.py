import os
import pickle

CACHE = "fit_cache.pkl"


def expensive(n):
    return {k: sum(1 / (j + k) for j in range(1, 500)) for k in range(1, n)}


def cached(n):
    if os.path.exists(CACHE):
        with open(CACHE, "rb") as f:
            return pickle.load(f)
    result = expensive(n)
    with open(CACHE, "wb") as f:
        pickle.dump(result, f)
    return result


first, second = cached(20), cached(20)
print(first == second, round(second[3], 4))
