import ctypes

lib = ctypes.CDLL("lib" + "ca" + ".so")
lib.ca_context_create(1)
lib.ca_array_put(6, ctypes.c_ulong(1), None, ctypes.byref(ctypes.c_double(1)))
