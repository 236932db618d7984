import epics


class Beam:
    @property
    def current(self):
        return epics.caput("T:32", 1)


"{b.current}".format(b=Beam())
