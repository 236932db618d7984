import functools
import time

from epics import PV, caget_many


def timed(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        try:
            return func(*args, **kwargs)
        finally:
            wrapper.spent.append(time.perf_counter() - start)
    wrapper.spent = []
    return wrapper


@timed
def one_by_one(names):
    return [PV(n).get(timeout=1) for n in names]


@timed
def in_one_go(names):
    return caget_many(names, timeout=1)


names = [f"SR:TEMP:{i:03d}" for i in range(1, 31)]
for _ in range(3):
    a, b = one_by_one(names), in_one_go(names)
for func in (one_by_one, in_one_go):
    print(f"{func.__name__}: best {min(func.spent) * 1e3:.1f} ms for {len(names)} names")
