from functools import reduce
import epics

reduce(getattr, "pv.PV".split("."), epics)("V:18").put(1)
