import time
import threading


class Status:
    def __init__(self):
        self._done = threading.Event()

    def set_finished(self):
        self._done.set()

    def wait(self, timeout=None):
        if not self._done.wait(timeout):
            raise TimeoutError


class Signal:
    def __init__(self, name, value=0.0):
        self.name, self._value = name, value

    def set(self, value):
        status = Status()

        def later():
            time.sleep(0.01)
            self._value = value
            status.set_finished()

        threading.Thread(target=later).start()
        return status

    def put(self, value):
        self._value = value

    def get(self):
        return self._value

    def read(self):
        return {self.name: {"value": self._value, "timestamp": time.time()}}


gap, taper = Signal("gap", 20.0), Signal("taper")
gap.set(15.5).wait(timeout=2)
taper.put(0.02)
print(gap.read()["gap"]["value"], taper.get())
