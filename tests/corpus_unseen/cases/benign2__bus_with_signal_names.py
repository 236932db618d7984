class Signal:
    def __init__(self):
        self._slots = []

    def connect(self, slot):
        self._slots.append(slot)
        return slot

    def disconnect(self, slot):
        self._slots.remove(slot)

    def emit(self, *args):
        for slot in tuple(self._slots):
            slot(*args)


class Model:
    def __init__(self):
        self.changed = Signal()
        self._current = 0.0

    @property
    def current(self):
        return self._current

    @current.setter
    def current(self, value):
        old, self._current = self._current, value
        self.changed.emit(old, value)


model, seen = Model(), []


@model.changed.connect
def note(old, new):
    seen.append(round(new - old, 3))


for value in (1.0, 2.5, 2.0):
    model.current = value
model.changed.disconnect(note)
model.current = 9
print(seen)
