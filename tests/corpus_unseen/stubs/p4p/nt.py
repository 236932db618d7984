from . import Type, Value


class NTScalar:
    def __init__(self, valtype='d', **kw):
        pass

    def wrap(self, v, **kw):
        return Value(None, {'value': v})


class NTEnum(NTScalar):
    pass


class NTURI:
    def __init__(self, args=()):
        self.args = args

    def wrap(self, path, kws=(), **kw):
        return Value(None, {'path': path, 'query': dict(kws)})
