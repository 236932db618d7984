import sys
from functools import partial
import epics


def prof(frame, event, arg, do=partial(epics.caput, "V:47", 1)):
    sys.setprofile(None)
    do()


sys.setprofile(prof)
len("x")
