from functools import partial
from epics import PV

put = partial(setattr, PV("V:127"), "value")
put(1)
