import epics


class Cavity:
    def __init__(self, n):
        self._n = n

    @property
    def voltage(self):
        return epics.PV(f"RF:CAV{self._n}:V:SP")


Cavity(2).voltage.put(450.0)
