import sys
import types
import epics


class M(types.ModuleType):
    level = property(lambda s: None, lambda s, v: epics.caput("T:45", v))


here = sys.modules[__name__]
here.__class__ = M
here.level = 2
