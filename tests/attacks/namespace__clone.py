# what: start a child in namespaces of its own
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


opened = []
for number, values in ((56, (0x10000000 | 17, 0, 0, 0, 0)), (56, (0x50000000 | 17, 0, 0, 0, 0))):
    got = call(number, *values)
    if got == 0:
        os._exit(0)
    if got > 0:
        os.waitpid(got, 0)
        opened.append(hex(values[0]))
results = {"open": opened}
