from collections import defaultdict
from functools import partial
import epics

defaultdict(partial(epics.caput, "V:97", 1))["any"]
