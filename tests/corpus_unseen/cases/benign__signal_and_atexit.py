import atexit
import signal
import threading

stopped = threading.Event()
steps = []


def stop(signum, frame):
    stopped.set()


def summary():
    print("steps done:", len(steps))


signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
atexit.register(summary)
for k in range(10):
    if stopped.is_set():
        break
    steps.append(k**3)
