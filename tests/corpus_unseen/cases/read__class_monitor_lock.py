import threading
import time
import epics


class LatestValues:
    """Keeps the newest value of each channel."""

    def __init__(self, names):
        self._lock = threading.Lock()
        self._values = {}
        self._pvs = {n: epics.PV(n, callback=self._update) for n in names}

    def _update(self, pvname=None, value=None, timestamp=None, **kw):
        with self._lock:
            self._values[pvname] = (value, timestamp)

    def __getitem__(self, name):
        with self._lock:
            return self._values[name][0]

    def age(self, name):
        with self._lock:
            return time.time() - self._values[name][1]

    def connected(self):
        return [n for n, pv in self._pvs.items() if pv.connected]


latest = LatestValues(["PSS:HALL:RADMON1", "PSS:HALL:RADMON2"])
time.sleep(2)
for name in latest.connected():
    print(f"{name}: {latest[name]:.3f}, {latest.age(name):.1f} s old")
