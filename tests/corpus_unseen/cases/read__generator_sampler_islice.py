import itertools
import statistics
import time
from typing import Iterator

from epics import PV


def samples(pv: PV, period: float) -> Iterator[float]:
    while True:
        value = pv.get(use_monitor=False)
        if value is not None:
            yield value
        time.sleep(period)


def block_stats(stream, size, blocks):
    for _ in range(blocks):
        chunk = list(itertools.islice(stream, size))
        yield statistics.fmean(chunk), statistics.pstdev(chunk)


charge = PV("BTS:ICT:CHARGE")
for k, (mean, sd) in enumerate(block_stats(samples(charge, 0.1), 10, 4)):
    print(f"block {k}: {mean:.3f} +- {sd:.3f}")
