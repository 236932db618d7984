import enum
import functools
import epics


class Action(enum.Enum):
    LOOK = functools.partial(epics.caget)
    SET = (epics.caput,)

    def __call__(self, *a):
        return self.value[0](*a)


Action["SET"]("V:66", 1)
