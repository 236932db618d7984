def rpccall(pvname, request=None, rtype=None):
    def deco(fn):
        fn._call_PV = pvname
        return fn
    return deco


def rpcproxy(spec):
    class Proxy(spec):
        def __init__(self, *a, context=None, format=None, **kw):
            self.context, self.format = context, format

        def __getattribute__(self, name):
            val = object.__getattribute__(self, name)
            pv = getattr(val, '_call_PV', None)
            if pv is None:
                return val
            full = pv % self.format if '%' in pv else pv
            return lambda *a, **k: self.context.rpc(full, {'a': a, 'k': k})
    Proxy.__name__ = spec.__name__
    return Proxy


def rpc(rtype=None):
    return lambda fn: fn
