from _rec import note
from ..sync.client import _Resp


class PV:
    def __init__(self, name):
        self.name = name

    async def read(self, **kw):
        note('read', 'caproto.PV.read', self.name)
        return _Resp()

    async def write(self, data, **kw):
        note('write', 'caproto.PV.write', self.name, data)
        return _Resp()

    async def wait_for_connection(self, **kw):
        return True


class Context:
    def __init__(self, *a, **kw):
        pass

    async def get_pvs(self, *names, **kw):
        return [PV(n) for n in names]

    async def disconnect(self):
        pass
