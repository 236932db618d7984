import functools
import random
import time


def retry(times, pause=0.01, errors=(OSError,)):
    def wrap(func):
        @functools.wraps(func)
        def inner(*args, **kwargs):
            for attempt in range(times):
                try:
                    return func(*args, **kwargs)
                except errors as err:
                    last = err
                    time.sleep(pause * 2**attempt)
            raise last
        inner.retries = times
        return inner
    return wrap


rng = random.Random(4)


@retry(20)
def flaky_read(name):
    if rng.random() < 0.6:
        raise OSError(f"{name}: nothing came back")
    return rng.gauss(10, 0.1)


print([round(flaky_read(f"SIM{i}"), 2) for i in range(4)], flaky_read.retries)
