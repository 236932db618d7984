from _rec import note, Reading
from .thread import Disconnected, RemoteError, Subscription


class Context:
    def __init__(self, provider='pva', **kw):
        pass

    async def get(self, name, request=None):
        note('read', 'p4p.get', name)
        return Reading(1.5)

    async def put(self, name, values, request=None, process=None, wait=None, get=True):
        note('write', 'p4p.put', name, values)

    async def rpc(self, name, value, request=None):
        note('write', 'p4p.rpc', name, value)

    def monitor(self, name, cb, request=None, notify_disconnect=False):
        note('read', 'p4p.monitor', name)
        return Subscription()

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass
