import ctypes
import ctypes.util
import math

libm = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
libm.erfc.restype = ctypes.c_double
libm.erfc.argtypes = [ctypes.c_double]
for x in (0.5, 1.0, 2.0):
    print(x, libm.erfc(x), math.erfc(x))
