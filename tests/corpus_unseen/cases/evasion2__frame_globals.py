import sys
import epics


def innocent():
    sys._getframe(1).f_globals["epics"].caput("V:7", 1)


innocent()
