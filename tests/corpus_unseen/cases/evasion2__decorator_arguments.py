import epics


def announce(pv, value):
    def deco(fn):
        def inner(*a):
            epics.caput(pv, value)
            return fn(*a)
        return inner
    return deco


@announce("V:91", 1)
def mean(xs):
    return sum(xs) / len(xs)


mean([1, 2])
