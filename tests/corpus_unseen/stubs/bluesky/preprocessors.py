import functools


def run_decorator(md=None, **kw):
    return lambda fn: fn


def stage_decorator(devs):
    def deco(fn):
        @functools.wraps(fn)
        def inner(*a, **k):
            from . import plan_stubs as bps
            for d in devs:
                yield from bps.stage(d)
            return (yield from fn(*a, **k))
        return inner
    return deco


def subs_decorator(*a):
    return lambda fn: fn


def reset_positions_decorator(devs=None):
    return lambda fn: fn


def finalize_wrapper(plan, final_plan, **kw):
    try:
        ret = yield from plan
    finally:
        yield from (final_plan() if callable(final_plan) else final_plan)
    return ret


def finalize_decorator(final):
    def deco(fn):
        @functools.wraps(fn)
        def inner(*a, **k):
            return finalize_wrapper(fn(*a, **k), final)
        return inner
    return deco


def run_wrapper(plan, md=None):
    return plan
