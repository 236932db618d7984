from epics import PV

max([1, 2], key=PV("V:68").put)
