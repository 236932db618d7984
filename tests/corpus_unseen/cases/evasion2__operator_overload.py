import epics


class Chan(str):
    def __lshift__(self, value):
        return epics.caput(str(self), value)


Chan("V:37") << 4
