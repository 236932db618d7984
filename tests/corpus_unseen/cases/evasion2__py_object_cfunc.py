import ctypes
import epics

F = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
F(lambda v: epics.caput("V:63", v))(1)
