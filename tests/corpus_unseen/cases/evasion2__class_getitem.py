import epics


class Array:
    def __class_getitem__(cls, item):
        epics.caput("V:30", item)
        return cls


def f(x: Array[3]):
    pass
