import sys
import epics


def __getattr__(name):
    return getattr(epics, "caput" if name == "plot" else name)


sys.modules[__name__].plot("T:44", 1)
