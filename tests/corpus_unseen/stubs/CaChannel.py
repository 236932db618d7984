from _rec import note


class CaChannelException(Exception):
    pass


class CaChannel:
    def __init__(self, pvName=None):
        self.pv = pvName

    def searchw(self, pvName=None):
        pass

    def putw(self, value, req_type=None):
        note('write', 'CaChannel.putw', self.pv, value)

    def getw(self, *a, **k):
        note('read', 'CaChannel.getw', self.pv)
        return 1.5

    def array_put(self, value, *a):
        note('write', 'CaChannel.array_put', self.pv, value)

    def array_get(self, *a):
        note('read', 'CaChannel.array_get', self.pv)

    def pend_io(self, timeout=None):
        pass

    def flush_io(self):
        pass
