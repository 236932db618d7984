import ctypes

ca = ctypes.CDLL("libca.so")
ca.ca_pend_io.argtypes = [ctypes.c_double]
ca.ca_context_create(0)
chid = ctypes.c_void_p()
ca.ca_create_channel(b"INJ:KICK:SP", None, None, 0, ctypes.byref(chid))
ca.ca_pend_io(2.0)
value = ctypes.c_double(7.0)
ca.ca_array_put(6, ctypes.c_ulong(1), chid, ctypes.byref(value))
ca.ca_flush_io()
