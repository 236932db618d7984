from epics import PV


class Knob:
    def __init__(self, name):
        self.pv = PV(name)

    def __imatmul__(self, v):
        self.pv.put(v)
        return self


k = Knob("V:38")
k @= 3
