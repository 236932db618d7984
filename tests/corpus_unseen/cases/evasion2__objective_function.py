import epics


def minimise(fun, start, steps=3):
    best, at = None, start
    for k in range(steps):
        y = fun(at + 0.1 * k)
        if best is None or y < best:
            best = y
    return best


def losses(current):
    epics.caput("U:92", current)
    return epics.caget("U:92:LOSS")


minimise(losses, 1.0)
