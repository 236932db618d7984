import weakref
import epics


class Thing:
    pass


t = Thing()
r = weakref.ref(t, lambda _: epics.caput("V:40", 0))
del t
