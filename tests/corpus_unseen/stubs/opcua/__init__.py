from _rec import note
from asyncua import ua


class Node:
    def __init__(self, nid):
        self.nodeid = nid

    def set_value(self, v, t=None):
        note('write', 'opcua.set_value', self.nodeid, v)

    set_data_value = write_value = set_value

    def set_attribute(self, attr, dv):
        note('write', 'opcua.set_attribute', self.nodeid)

    write_attribute = set_attribute

    def get_value(self):
        note('read', 'opcua.get_value', self.nodeid)
        return 1.5

    read_value = get_value

    def call_method(self, m, *a):
        note('write', 'opcua.call_method', m)

    def get_child(self, path):
        return Node(path)

    def get_children(self):
        note('read', 'opcua.get_children')
        return [Node('c')]


class Client:
    def __init__(self, url, timeout=4):
        pass

    def connect(self):
        pass

    def disconnect(self):
        pass

    def get_node(self, nid):
        return Node(nid)

    def get_root_node(self):
        return Node('root')

    def get_objects_node(self):
        return Node('objects')

    def set_values(self, nodes, values):
        note('write', 'opcua.set_values', values)

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass
