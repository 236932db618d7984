from functools import partial
import epics

for _ in iter(partial(epics.caput, "V:77", 1), 1):
    pass
