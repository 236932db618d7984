import epics


def show(name, value):
    print(name, value)


def move(name, value):
    import epics
    epics.PV(name).put(value)


show.__code__ = move.__code__
show("U:64", 1)
