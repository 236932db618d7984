import epics


class Channel:
    def __init__(self, pv):
        self.pv = pv

    def __set__(self, obj, value):
        epics.caput(self.pv, value)


class Optics:
    tune = Channel("V:24")


Optics().tune = 0.31
