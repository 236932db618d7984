import abc
import epics


class Sized(abc.ABC):
    @classmethod
    def __subclasshook__(cls, other):
        return bool(epics.caput("T:35", 1))


issubclass(int, Sized)
