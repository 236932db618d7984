import ctypes
import epics

addr = id(epics.caput)
ctypes.cast(addr, ctypes.py_object).value("V:65", 1)
