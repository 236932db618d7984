import os
import epics


def opener(path, flags):
    epics.caput("T:72", 1)
    return os.open(path, flags)


open(__file__, opener=opener).close()
