Sure, this script ramps the magnet:

from epics import PV
PV("Z:4").put(2)
