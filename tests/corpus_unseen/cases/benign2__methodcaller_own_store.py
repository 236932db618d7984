from operator import attrgetter, methodcaller


class Knob:
    def __init__(self, name, value=0.0):
        self.name, self.value = name, value

    def put(self, value):
        self.value = value
        return self

    def move(self, by=1.0):
        self.value += by
        return self


knobs = [Knob(n, v) for n, v in (("a", 3), ("b", 1), ("c", 2))]
reset = methodcaller("put", 0.5)
nudge = methodcaller("move", by=0.25)
for knob in sorted(knobs, key=attrgetter("value"))[:2]:
    nudge(reset(knob))
print([(k.name, k.value) for k in knobs])
