class Value(dict):
    def __init__(self, type=None, value=None):
        dict.__init__(self, value or {})


class Type:
    def __init__(self, spec=(), id=None):
        self.spec = spec

    def __call__(self, value=None):
        return Value(self, value)


def set_debug(lvl):
    pass
