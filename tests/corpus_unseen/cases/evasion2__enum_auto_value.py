import enum
import epics


class E(enum.Enum):
    def _generate_next_value_(name, start, count, last):
        return epics.caput("T:47:" + name, count)

    A = enum.auto()
