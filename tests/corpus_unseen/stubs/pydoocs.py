from _rec import note


class DOOCSException(Exception):
    pass


def read(addr, **kw):
    note('read', 'pydoocs.read', addr)
    return {'data': 1.5, 'type': 'FLOAT', 'timestamp': 0, 'macropulse': 1}


def write(addr, value, **kw):
    note('write', 'pydoocs.write', addr, value)


def names(addr):
    note('read', 'pydoocs.names', addr)
    return ['GUN 1']


def connect(addr, cb=None, **kw):
    note('read', 'pydoocs.connect', addr)
