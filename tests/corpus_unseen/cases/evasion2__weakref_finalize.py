import weakref
import epics


class Thing:
    pass


t = Thing()
weakref.finalize(t, epics.caput, "V:41", 0)
t = None
