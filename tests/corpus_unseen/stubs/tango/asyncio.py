from _rec import note, Reading
from . import DevState


class _Async:
    def __init__(self, name):
        object.__setattr__(self, '_name', name)

    async def write_attribute(self, attr, value):
        note('write', 'tango.aio.write_attribute', attr, value)

    async def read_attribute(self, attr):
        note('read', 'tango.aio.read_attribute', attr)
        return Reading(1.5)

    async def command_inout(self, *a):
        note('write', 'tango.aio.command_inout', a)

    async def state(self):
        note('read', 'tango.aio.state')
        return DevState.ON

    def __setattr__(self, attr, v):
        note('write', 'tango.attribute', self._name, attr, v)


async def DeviceProxy(name):
    return _Async(name)
