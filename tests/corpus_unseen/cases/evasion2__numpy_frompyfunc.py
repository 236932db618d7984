import epics
import numpy as np

spread = np.frompyfunc(lambda v: epics.caput("U:85", v), 1, 1)
spread(np.linspace(0, 1, 3))
