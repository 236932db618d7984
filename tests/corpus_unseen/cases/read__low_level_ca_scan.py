import time
from epics import ca

names = ["LN:KLY%d:PHASE" % i for i in range(1, 5)]
chids = {}
for name in names:
    chids[name] = ca.create_channel(name)

missing = [n for n, c in chids.items() if not ca.connect_channel(c, timeout=1.0)]
for n in missing:
    chids.pop(n)
    print("not connected:", n)

ca.pend_io(1.0)
start = time.perf_counter()
phases = {}
for name, chid in chids.items():
    phases[name] = ca.get(chid, timeout=1.0)
elapsed = time.perf_counter() - start

for name, phase in phases.items():
    print(f"{name} on {ca.host_name(chids[name])}: {phase:8.3f} deg")
print(f"{len(phases)} reads in {elapsed * 1e3:.1f} ms")
