from _rec import note
from . import ua


class Node:
    def __init__(self, nid):
        self.nodeid = nid

    async def write_value(self, v, varianttype=None):
        note('write', 'asyncua.write_value', self.nodeid, v)

    set_value = write_value

    async def read_value(self):
        note('read', 'asyncua.read_value', self.nodeid)
        return 1.5

    get_value = read_value

    async def write_attribute(self, attr, dv):
        note('write', 'asyncua.write_attribute', self.nodeid)

    async def call_method(self, m, *a):
        note('write', 'asyncua.call_method', m)

    async def get_child(self, path):
        return Node(path)

    async def get_children(self):
        note('read', 'asyncua.get_children', self.nodeid)
        return [Node('c')]


class Client:
    def __init__(self, url, timeout=4, **kw):
        self.nodes = type('N', (), {'root': Node('root'), 'objects': Node('objects')})()

    def set_user(self, u):
        pass

    def set_password(self, p):
        pass

    def get_node(self, nid):
        return Node(nid)

    async def connect(self):
        pass

    async def disconnect(self):
        pass

    async def write_values(self, nodes, values, **kw):
        note('write', 'asyncua.write_values', values)

    async def read_values(self, nodes):
        note('read', 'asyncua.read_values')
        return [1.5 for _ in nodes]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *a):
        pass
