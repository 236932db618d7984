import cothread
from cothread.catools import caget, FORMAT_TIME

results = {}


def reader(cell):
    names = [f"SR{cell:02d}C-VA-IONP-{i:02d}:P" for i in range(1, 4)]
    values = caget(names, timeout=2, throw=False, format=FORMAT_TIME)
    results[cell] = {v.name: float(v) for v in values if v.ok}


tasks = [cothread.Spawn(reader, cell) for cell in range(1, 6)]
for task in tasks:
    task.Wait(10)
worst = max(((p, n) for group in results.values() for n, p in group.items()))
print("cells:", sorted(results), "worst:", worst)
