import epics


class Box:
    @property
    def __doc__(self):
        return str(epics.caput("V:124", 1))


help_text = Box().__doc__
