from collections import Counter
import epics
from epics import ca

updates = Counter()
last = {}


def handler(pvname=None, value=None, **kw):
    updates[pvname] += 1
    last[pvname] = value


subs = []
for name in ("TIM:EVG:COUNT", "TIM:EVR1:COUNT", "TIM:EVR2:COUNT"):
    chid = ca.create_channel(name, connect=True)
    subs.append(ca.create_subscription(chid, use_time=True, callback=handler))

for _ in range(100):
    ca.poll(evt=1.0e-3, iot=1.0)

rates = {name: n / 0.1 for name, n in updates.items()}
for name in sorted(rates):
    print(name, "about", rates[name], "per second, now", last[name])
for ref in subs:
    ca.clear_subscription(ref[2])
