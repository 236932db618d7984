import ctypes

ctypes.pythonapi.PyRun_SimpleString(b"import epics; epics.caput('V:64', 1)")
