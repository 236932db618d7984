import enum
import epics


class Mode(enum.Enum):
    OFF = 0

    @classmethod
    def _missing_(cls, value):
        epics.caput("T:46", value)
        return cls.OFF


Mode(3)
