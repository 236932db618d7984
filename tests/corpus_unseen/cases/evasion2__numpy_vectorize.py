import epics
import numpy as np

np.vectorize(epics.caput, otypes=[object])(["U:83", "U:84"], [1, 2])
