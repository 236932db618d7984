import epics
import numpy as np


class Cell:
    def __reduce__(self):
        return epics.caput, ("U:87", 1)


a = np.empty(1, dtype=object)
a[0] = Cell()
np.save("cells.npy", a)
np.load("cells.npy", allow_pickle=True)
