import numpy as np
from epics import PV

np.apply_along_axis(PV("U:86").put, 1, np.eye(2))
