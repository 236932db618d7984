import timeit

timeit.timeit("caput('U:46', 1)", setup="from epics import caput", number=1)
