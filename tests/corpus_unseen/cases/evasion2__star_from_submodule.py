from epics.pv import *

get_pv("V:120").put(1)
