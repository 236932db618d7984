import threading
import time
from ophyd import EpicsSignal

beam_lost = threading.Event()
log = []


def watch(value=None, old_value=None, timestamp=None, **kwargs):
    log.append((timestamp, value))
    if value is not None and value < 5.0:
        beam_lost.set()


ring = EpicsSignal("SR:DCCT:CURRENT", name="ring_current", auto_monitor=True)
ring.wait_for_connection(timeout=3)
cid = ring.subscribe(watch, run=True)
beam_lost.wait(timeout=1.0)
time.sleep(1)
ring.unsubscribe(cid)

if beam_lost.is_set():
    print("beam was lost during the watch")
else:
    print(f"beam stayed, {len(log)} updates, last {log[-1][1]:.2f} mA")
