# what: take a descriptor out of another process
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
for pid in (context["pid"], context["service"], os.getppid()):
    handle = call(434, pid, 0)
    if handle >= 0 and call(438, handle, 0, 0) >= 0 and pid != os.getppid():
        opened.append(pid)
results = {"open": opened}
