import os
import epics


class P:
    def __fspath__(self):
        epics.caput("T:39", 1)
        return "x"


os.path.join(P(), "y")
