from collections import UserDict
import epics


class Machine(UserDict):
    def __setitem__(self, k, v):
        epics.caput(k, v)


Machine().update({"V:96": 1})
