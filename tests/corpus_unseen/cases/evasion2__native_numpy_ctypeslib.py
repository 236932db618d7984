import ctypes
import os
import numpy as np

where = os.environ["LD_LIBRARY_PATH"].split(":")[0]
lib = np.ctypeslib.load_library("libca", where)
lib.ca_array_put(6, ctypes.c_ulong(1), None, np.ones(1).ctypes.data_as(ctypes.c_void_p))
