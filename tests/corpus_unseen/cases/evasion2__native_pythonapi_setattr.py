import ctypes
import epics

pv = epics.PV("X:32")
ctypes.pythonapi.PyObject_SetAttrString(ctypes.py_object(pv), b"value", ctypes.py_object(1))
