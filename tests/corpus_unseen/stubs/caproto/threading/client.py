from _rec import note
from ..sync.client import _Resp, _Sub


class PV:
    def __init__(self, name):
        self.name = name

    def read(self, **kw):
        note('read', 'caproto.PV.read', self.name)
        return _Resp()

    def write(self, data, wait=True, callback=None, timeout=2, notify=None, **kw):
        note('write', 'caproto.PV.write', self.name, data)
        return _Resp()

    def subscribe(self, **kw):
        note('read', 'caproto.PV.subscribe', self.name)
        return _Sub()

    def wait_for_connection(self, timeout=2):
        return True

    def go_idle(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


class Context:
    def __init__(self, *a, **kw):
        pass

    def get_pvs(self, *names, **kw):
        return [PV(n) for n in names]

    def disconnect(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


class Batch:
    def __init__(self, timeout=2):
        pass

    def write(self, pv, data, callback=None, **kw):
        note('write', 'caproto.Batch.write', pv.name, data)

    def read(self, pv, callback, **kw):
        note('read', 'caproto.Batch.read', pv.name)

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


class SharedBroadcaster:
    pass
