import argparse
import asyncio
from _rec import note


class _Chan:
    def __init__(self, name, value):
        self.name, self.value = name, value

    async def write(self, value, **kw):
        note('write', 'caproto.server.write', self.name, value)
        self.value = value


class pvproperty:
    def __init__(self, *, value=0.0, name=None, dtype=None, startup=None, put=None, **kw):
        self.init, self.pvname, self.hook = value, name, startup

    def __set_name__(self, owner, name):
        self.attr = name

    def startup(self, fn):
        self.hook = fn
        return self

    def putter(self, fn):
        return self

    def getter(self, fn):
        return self

    def scan(self, period=1.0, **kw):
        def deco(fn):
            self.hook = fn
            return self
        return deco

    def __get__(self, obj, cls=None):
        if obj is None:
            return self
        return obj.__dict__.setdefault('_c_' + self.attr,
                                       _Chan(obj.prefix + (self.pvname or self.attr), self.init))


class PVGroup:
    def __init__(self, prefix='', **kw):
        self.prefix = prefix

    @property
    def pvdb(self):
        return {self.prefix: self}


class _Lib:
    @staticmethod
    async def sleep(t):
        await asyncio.sleep(0)

    class library:
        @staticmethod
        async def sleep(t):
            await asyncio.sleep(0)


def ioc_arg_parser(*, default_prefix='', desc='', **kw):
    argparse.ArgumentParser().parse_known_args()
    return {'prefix': default_prefix}, {}


def run(pvdb, **kw):
    async def go():
        for group in pvdb.values():
            for cls in type(group).__mro__:
                for p in vars(cls).values():
                    if isinstance(p, pvproperty) and p.hook:
                        inst = p.__get__(group)
                        try:
                            await asyncio.wait_for(p.hook(group, inst, _Lib()), 1)
                        except (asyncio.TimeoutError, TimeoutError):
                            pass
    asyncio.run(go())
