import queue
import threading
from p4p.client.thread import Context, Disconnected

inbox = queue.Queue(maxsize=1000)
stop = threading.Event()
totals = {"values": 0, "drops": 0, "disconnects": 0}


def on_update(value):
    if isinstance(value, Disconnected):
        totals["disconnects"] += 1
        return
    try:
        inbox.put_nowait(float(value))
    except queue.Full:
        totals["drops"] += 1


def worker():
    running_mean = 0.0
    while not (stop.is_set() and inbox.empty()):
        try:
            value = inbox.get(timeout=0.2)
        except queue.Empty:
            continue
        totals["values"] += 1
        running_mean += (value - running_mean) / totals["values"]
    totals["mean"] = running_mean


thread = threading.Thread(target=worker, daemon=True)
thread.start()
ctxt = Context("pva")
sub = ctxt.monitor("LN:BCM1:CHARGE", on_update, notify_disconnect=True)
stop.wait(5.0)
sub.close()
ctxt.close()
stop.set()
thread.join()
print(totals)
