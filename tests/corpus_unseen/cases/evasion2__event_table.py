import epics


class Gui:
    def __init__(self):
        self.bound = {}

    def bind(self, event, fn):
        self.bound.setdefault(event, []).append(fn)

    def fire(self, event, *a):
        for fn in self.bound[event]:
            fn(*a)


g = Gui()
g.bind("<Return>", epics.caput)
g.fire("<Return>", "V:134", 1)
