# what: make system calls by the numbers of a second table, which a filter may not know
# expect: closed
# control: none, most kernels have no second table
import os
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
for number, values in ((272, (0x10000000,)), (41, (16, 3, 0)), (250, (0, -2, 0))):
    got = call(0x40000000 | number, *values)
    opened += [number] if got >= 0 else []
results = {"open": opened}
