# what: start a child in namespaces by the newer call, whose wishes lie in memory
# expect: closed
# control: open
import os
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


wishes = (ctypes.c_ulonglong * 11)(0x10000000, 0, 0, 0, 17)
got = call(435, ctypes.addressof(wishes), 88)
if got == 0:
    os._exit(0)
results = {"open": ["clone3"] if got > 0 else [], "got": got}
