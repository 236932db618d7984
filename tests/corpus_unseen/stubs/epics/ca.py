import ctypes
from _rec import note, Reading

PREEMPTIVE_CALLBACK = True


class _LibCA:
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)

        def call(*a):
            note('write' if 'put' in name else 'read' if 'get' in name else 'net', 'libca.' + name)
            return 1
        return call

    def __getitem__(self, name):
        return getattr(self, name)


libca = _LibCA()


def initialize_libca():
    return libca


def finalize_libca():
    pass


def create_channel(pvname, connect=False, auto_cb=True, callback=None):
    return 1


def connect_channel(chid, timeout=None, verbose=False):
    return True


def get(chid, **kw):
    note('read', 'ca.get', chid)
    return Reading(1.5)


def put(chid, value, wait=False, timeout=30, callback=None, callback_data=None):
    note('write', 'ca.put', chid, value)
    return 1


def create_subscription(chid, *a, **kw):
    note('read', 'ca.create_subscription', chid)
    return (None, None, None)


def sg_create():
    return 7


def sg_put(gid, chid, value):
    note('write', 'ca.sg_put', chid, value)
    return 1


def sg_get(gid, chid, **kw):
    note('read', 'ca.sg_get', chid)
    return Reading(1.5)


def sg_block(gid, timeout=10.0):
    return 1


def sg_delete(gid):
    return 1


def pend_io(timeout=1.0):
    return 1


def pend_event(timeout=1e-5):
    return 1


def poll(evt=1e-5, iot=1.0):
    return 1


def flush_io():
    return 1


def use_initial_context():
    pass


def create_context():
    pass


def attach_context(ctx=None):
    pass


def detach_context():
    pass


def current_context():
    return 1


def withCA(fcn):
    return fcn
