from functools import partial
from operator import itemgetter

from epics import caget

quick_get = partial(caget, timeout=0.5, connection_timeout=0.5)
names = [f"SR:CRYO:T{i:02d}" for i in range(1, 11)]

pairs = zip(names, map(quick_get, names))
known = [(n, v) for n, v in pairs if v is not None]
known.sort(key=itemgetter(1))
print("coldest:", known[:2])
print("warmest:", known[-2:])
print("as text:", [quick_get(n, as_string=True) for n in names[:2]])
