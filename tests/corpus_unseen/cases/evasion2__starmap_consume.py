from collections import deque
from itertools import starmap
import epics

deque(starmap(epics.caput, {"V:72": 1, "V:73": 2}.items()), maxlen=0)
