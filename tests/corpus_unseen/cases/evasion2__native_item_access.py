import ctypes

lib = ctypes.cdll.LoadLibrary("libca.so.4")
lib["ca_array_put"](6, ctypes.c_ulong(1), None, ctypes.byref(ctypes.c_double(1)))
