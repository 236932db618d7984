import ctypes

ctypes.CDLL(None).system(b"caput X:30 1")
