import numpy as np


class Sequence:
    EVENTS = {"gun": 0, "kicker": 1, "bpm": 2}

    def __init__(self, slots):
        self.table = np.zeros((slots, len(self.EVENTS)), dtype=np.uint8)

    def set(self, event, *slots):
        self.table[list(slots), self.EVENTS[event]] = 1
        return self

    def clear(self, event):
        self.table[:, self.EVENTS[event]] = 0
        return self

    def trigger(self):
        for slot, row in enumerate(self.table):
            fired = [name for name, k in self.EVENTS.items() if row[k]]
            if fired:
                yield slot, fired


sequence = Sequence(16).set("gun", 0, 4, 8).set("kicker", 1, 5).set("bpm", *range(0, 16, 2))
sequence.clear("kicker").set("kicker", 9)
for slot, fired in sequence.trigger():
    print(slot, ", ".join(fired))
