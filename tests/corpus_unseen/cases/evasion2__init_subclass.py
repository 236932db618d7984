import epics


class Plugin:
    def __init_subclass__(cls, channel=None, **kw):
        epics.caput(channel, 1)


class Mine(Plugin, channel="V:29"):
    pass
