from _rec import note


class SharedPV:
    def __init__(self, handler=None, initial=None, nt=None, options=None, **kw):
        self._v = initial

    def post(self, value, **kw):
        note('write', 'SharedPV.post', value)
        self._v = value

    def open(self, value, **kw):
        self._v = value

    def close(self, *a, **kw):
        pass

    def current(self):
        return self._v

    @property
    def put(self):
        return lambda fn: fn

    @property
    def rpc(self):
        return lambda fn: fn
