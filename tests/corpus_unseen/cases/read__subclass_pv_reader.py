import time
from collections import deque
import epics


class AveragedPV(epics.PV):
    """A PV that can give the mean of its latest values."""

    def __init__(self, name, depth=20, **kwargs):
        super().__init__(name, auto_monitor=True, **kwargs)
        self.buffer = deque(maxlen=depth)
        self.add_callback(self._collect)

    def _collect(self, value=None, **kw):
        if value is not None:
            self.buffer.append(float(value))

    def mean(self):
        if not self.buffer:
            return self.get()
        return sum(self.buffer) / len(self.buffer)


pvs = [AveragedPV(f"SR:LOSS:{i:02d}:RATE") for i in range(1, 7)]
time.sleep(5)
for pv in pvs:
    print(f"{pv.pvname}: {pv.mean():.1f} over {len(pv.buffer)} updates")
