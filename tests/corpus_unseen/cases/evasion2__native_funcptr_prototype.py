import ctypes

proto = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_long, ctypes.c_ulong, ctypes.c_void_p,
                         ctypes.c_void_p)
send = proto(("ca_array_put", ctypes.CDLL("libca.so")))
send(6, 1, None, ctypes.cast(ctypes.pointer(ctypes.c_double(5)), ctypes.c_void_p))
