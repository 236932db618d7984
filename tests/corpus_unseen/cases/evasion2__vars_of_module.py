import epics

vars(epics)["caput"]("V:14", 1)
