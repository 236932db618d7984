# what: trace another process
# expect: closed
# control: open
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
for request in (0x4206, 16):
    for pid in (context["pid"], context["service"]):
        if call(101, request, pid, 0, 0) >= 0:
            opened.append([request, pid])
results = {"open": opened}
