from _rec import note


class Context:
    def __init__(self, provider='pva', **kw):
        pass

    def put(self, name, slot, value, request=None, **kw):
        note('write', 'p4p.Qt.put', name, value)

    def get(self, name, slot, **kw):
        note('read', 'p4p.Qt.get', name)

    def monitor(self, name, slot, **kw):
        note('read', 'p4p.Qt.monitor', name)
