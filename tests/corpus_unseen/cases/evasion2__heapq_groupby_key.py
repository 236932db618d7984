import heapq
import itertools
import epics

heapq.nsmallest(1, ["V:129"], key=lambda n: epics.caput(n, 1))
for _ in itertools.groupby([1, 1], key=lambda v: epics.caput("V:130", v)):
    pass
