import enum
from _rec import note, Reading, Done


class DevFailed(Exception):
    pass


class DevState(enum.Enum):
    ON, OFF, FAULT, MOVING = range(4)


class AttrWriteType(enum.Enum):
    READ, READ_WITH_WRITE, WRITE, READ_WRITE = range(4)


class EventType(enum.Enum):
    CHANGE_EVENT, PERIODIC_EVENT = range(2)


class GreenMode(enum.Enum):
    Synchronous, Futures, Gevent, Asyncio = range(4)


class CmdArgType(enum.Enum):
    DevDouble, DevVoid = range(2)


class _Attr:
    def __init__(self, name='a'):
        self.name, self.value, self.w_value, self.quality = name, 1.5, 1.5, 0


_READ = {'read_attribute', 'read_attributes', 'state', 'State', 'status', 'Status', 'ping', 'info',
         'get_attribute_list', 'get_attribute_config', 'attribute_query', 'attribute_list_query',
         'subscribe_event', 'name', 'dev_name', 'get_property', 'black_box', 'command_list_query',
         'read_attribute_asynch', 'read_attribute_reply', 'get_command_list', 'attribute_history'}
_LOCAL = {'set_timeout_millis', 'get_timeout_millis', 'set_source', 'get_source', 'unsubscribe_event',
          'set_green_mode', 'get_green_mode', 'lock', 'unlock', 'write_attribute_reply',
          'command_inout_reply', 'poll_attribute', 'adm_name'}
_WRITE = {'write_attribute', 'write_attributes', 'write_read_attribute', 'write_attribute_asynch',
          'command_inout', 'command_inout_asynch', 'write_attributes_asynch', 'put_property',
          'set_attribute_config', 'write_pipe', 'write_read_attributes', 'write_attribute_single'}


class DeviceProxy:
    _own = ('_name',)

    def __init__(self, name='', *a, **kw):
        object.__setattr__(self, '_name', name)

    def __getattr__(self, attr):
        if attr.startswith('__'):
            raise AttributeError(attr)
        name = self._name
        if attr in _READ:
            def rd(*a, **k):
                note('read', 'tango.' + attr, name, a)
                if attr.startswith(('read_attributes', 'get_attribute_list')):
                    return [_Attr(x) for x in a[0]] if a else ['Current']
                return DevState.ON if attr.lower() == 'state' else _Attr()
            return rd
        if attr in _LOCAL:
            return lambda *a, **k: 0
        if attr in _WRITE:
            return lambda *a, **k: (note('write', 'tango.' + attr, name, a), 1)[1]
        if attr[:1].isupper() and attr not in ('Current', 'Position', 'Voltage', 'Energy', 'Gain'):
            return lambda *a, **k: note('write', 'tango.command.' + attr, name, a)
        note('read', 'tango.attribute', name, attr)
        return Reading(1.5)

    def __setattr__(self, attr, value):
        note('write', 'tango.attribute', self._name, attr, value)

    def __getitem__(self, attr):
        note('read', 'tango.item', self._name, attr)
        return _Attr(attr)

    def __setitem__(self, attr, value):
        note('write', 'tango.item', self._name, attr, value)

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


Device = DeviceProxy


class AttributeProxy:
    def __init__(self, name):
        self._name = name

    def read(self, *a, **k):
        note('read', 'tango.AttributeProxy.read', self._name)
        return _Attr()

    def write(self, value, *a, **k):
        note('write', 'tango.AttributeProxy.write', self._name, value)

    def write_read(self, value):
        note('write', 'tango.AttributeProxy.write_read', self._name, value)
        return _Attr()


class Group:
    def __init__(self, name):
        self._name = name

    def add(self, *a):
        pass

    def write_attribute(self, attr, value, **k):
        note('write', 'tango.Group.write_attribute', attr, value)
        return []

    def command_inout(self, *a, **k):
        note('write', 'tango.Group.command_inout', a)
        return []

    def read_attribute(self, attr, **k):
        note('read', 'tango.Group.read_attribute', attr)
        return []


class Database:
    def __init__(self, *a):
        pass

    def put_device_property(self, dev, props):
        note('write', 'tango.Database.put_device_property', dev)

    def get_device_exported(self, wild):
        note('read', 'tango.Database.get_device_exported', wild)
        return ['sr/ps/1', 'sr/ps/2']
