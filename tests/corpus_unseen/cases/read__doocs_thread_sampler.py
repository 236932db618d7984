import queue
import threading
import time
import pydoocs

ADDRESS = "XFEL.RF/LLRF.CONTROLLER/CTRL.A1/PROBE.PHASE"
samples = queue.Queue()
stop = threading.Event()


def sampler(period):
    while not stop.wait(period):
        reading = pydoocs.read(ADDRESS)
        samples.put((reading["macropulse"], float(reading["data"])))


thread = threading.Thread(target=sampler, args=(0.05,), daemon=True)
thread.start()
time.sleep(0.2)
while samples.empty():
    time.sleep(0.1)
stop.set()
thread.join()
values = [samples.get_nowait()[1] for _ in range(samples.qsize())]
print(len(values), "samples, mean", sum(values) / len(values))
