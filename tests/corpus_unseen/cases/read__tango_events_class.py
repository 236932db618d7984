import time
from collections import deque
import tango


class Recorder:
    def __init__(self, maxlen=1000):
        self.points = deque(maxlen=maxlen)
        self.errors = 0

    def push_event(self, event):
        if event.err:
            self.errors += 1
            return
        value = event.attr_value
        self.points.append((value.time.totime(), value.value))


proxy = tango.DeviceProxy("linac/rf/cavity1")
recorder = Recorder()
ids = [
    proxy.subscribe_event(attr, tango.EventType.CHANGE_EVENT, recorder)
    for attr in ("Forward", "Reflected")
]
try:
    time.sleep(20)
finally:
    for i in ids:
        proxy.unsubscribe_event(i)

print(f"{len(recorder.points)} events, {recorder.errors} errors")
if recorder.points:
    print("last value", recorder.points[-1][1])
