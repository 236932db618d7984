import sys
from functools import partial
import epics

sys.breakpointhook = partial(epics.caput, "U:21", 1)
breakpoint()
