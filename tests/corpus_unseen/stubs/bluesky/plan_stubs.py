from .run_engine import Msg


def abs_set(obj, *args, group=None, wait=False, **kw):
    return (yield Msg('set', obj, args, kw))


def mv(*args, group=None, **kw):
    for o, v in zip(args[::2], args[1::2]):
        yield Msg('set', o, (v,), {})


def rel_set(obj, *args, group=None, wait=False, **kw):
    yield Msg('read', obj)
    return (yield Msg('set', obj, args, kw))


def mvr(*args, group=None, **kw):
    for o, v in zip(args[::2], args[1::2]):
        yield Msg('read', o)
        yield Msg('set', o, (v,), {})


def sleep(t):
    yield Msg('sleep', None, (t,))


def null():
    yield Msg('null')


def checkpoint():
    yield Msg('checkpoint')


def rd(obj, **kw):
    r = yield Msg('read', obj)
    return 1.5


def read(obj):
    return (yield Msg('read', obj))


def stage(obj, **kw):
    return (yield Msg('stage', obj))


def unstage(obj, **kw):
    return (yield Msg('unstage', obj))


def trigger(obj, **kw):
    return (yield Msg('trigger', obj))


def trigger_and_read(devs, name='primary'):
    for d in devs:
        yield Msg('trigger', d)
    for d in devs:
        yield Msg('read', d)


def one_shot(devs):
    yield from trigger_and_read(devs)


def stop(obj):
    return (yield Msg('stop', obj))


def wait(group=None, **kw):
    yield Msg('wait', None)


def configure(dev, *a, **kw):
    return (yield Msg('configure', dev, a))


def open_run(md=None):
    yield Msg('open_run')


def close_run(*a, **kw):
    yield Msg('close_run')


def create(name='primary'):
    yield Msg('create')


def save():
    yield Msg('save')


def repeat(plan, num=1, delay=None):
    for _ in range(num):
        yield from plan()
