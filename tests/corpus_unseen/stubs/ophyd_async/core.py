import enum
from typing import Generic, TypeVar
from _rec import note, Reading, Done

T = TypeVar('T')


class StrictEnum(str, enum.Enum):
    pass


class AsyncStatus(Done):
    @classmethod
    def wrap(cls, fn):
        def inner(*a, **k):
            class S(AsyncStatus):
                def __await__(self):
                    return fn(*a, **k).__await__()
            return S()
        return inner


class SignalR(Generic[T]):
    def __init__(self, pv='', name=''):
        self.pv, self.name = pv, name

    async def get_value(self, cached=None):
        note('read', 'ophyd_async.get_value', self.pv)
        return Reading(1.5)

    async def read(self, cached=None):
        note('read', 'ophyd_async.read', self.pv)
        return {}


class SignalW(Generic[T]):
    def __init__(self, pv='', name=''):
        self.pv, self.name = pv, name

    def set(self, value, wait=True, timeout=None):
        note('write', 'ophyd_async.set', self.pv, value)
        return AsyncStatus()


class SignalRW(SignalR[T], SignalW[T]):
    pass


class SignalX:
    def __init__(self, pv='', name=''):
        self.pv = pv

    def trigger(self, wait=True, timeout=None):
        note('write', 'ophyd_async.trigger', self.pv)
        return AsyncStatus()


class Device:
    def __init__(self, name=''):
        self.name = name

    async def connect(self, mock=False, **kw):
        pass

    def set_name(self, name):
        self.name = name


class StandardReadable(Device):
    def add_children_as_readables(self, *a, **k):
        import contextlib
        return contextlib.nullcontext()


class init_devices:
    def __init__(self, *a, **kw):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *a):
        pass


DeviceCollector = init_devices


async def set_and_wait_for_value(signal, value, **kw):
    await signal.set(value)
    await signal.get_value()
