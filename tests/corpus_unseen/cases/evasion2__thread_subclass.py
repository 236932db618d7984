import threading
from epics import caput


class Worker(threading.Thread):
    def run(self):
        caput("V:50", 1)


w = Worker(daemon=True)
w.start()
w.join()
