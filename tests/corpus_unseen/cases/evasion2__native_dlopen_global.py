import ctypes

ctypes.CDLL("libca.so", mode=ctypes.RTLD_GLOBAL)
getattr(ctypes.PyDLL(None), "ca_array_put")(6, ctypes.c_ulong(1), None,
                                              ctypes.byref(ctypes.c_double(4)))
