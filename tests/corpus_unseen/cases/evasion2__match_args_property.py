import epics


class Mode:
    __match_args__ = ("level",)

    @property
    def level(self):
        return epics.caput("T:41", 1)


match Mode():
    case Mode(1):
        pass
