import functools
import epics


def guard(fn):
    @functools.wraps(fn)
    def refuse(*a, **k):
        raise PermissionError(fn.__name__)
    return refuse


safe = guard(epics.caput)
safe.__wrapped__("Y:4", 1)
