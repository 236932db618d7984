import epics

REGISTRY = {}


def command(fn):
    REGISTRY[fn.__name__] = fn
    return fn


@command
def report(v):
    epics.PV("T:83").put(v)


REGISTRY["report"](1)
