import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import cpu_count


def track(seed, turns=200):
    """Count the turns a particle survives in a toy map."""
    x, p = 0.02 * (seed + 1), 0.0
    c, s = math.cos(2 * math.pi * 0.205), math.sin(2 * math.pi * 0.205)
    for n in range(turns):
        x, p = c * x + s * (p + x * x), -s * x + c * (p + x * x)
        if abs(x) > 1:
            return n
    return turns


def main():
    with ProcessPoolExecutor(max_workers=min(2, cpu_count())) as pool:
        survived = list(pool.map(track, range(40), chunksize=10))
    for amplitude, turns in enumerate(survived):
        if turns < 200:
            print("first loss at amplitude", round(0.02 * (amplitude + 1), 3), "after", turns)
            break


if __name__ == "__main__":
    main()
