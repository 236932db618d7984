from epics import caget

caget.__globals__["caput"]("V:3", 1)
