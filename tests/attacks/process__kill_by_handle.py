# what: end a process through a handle to it, or through its threads
# expect: closed
# control: open
import os
import signal
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
try:
    handle = os.pidfd_open(context["pid"])
    signal.pidfd_send_signal(handle, signal.SIGTERM)
    opened.append("pidfd")
except OSError:
    pass
for number, values in ((200, (context["pid"], 15)), (234, (context["pid"], context["pid"], 15))):
    if call(number, *values) == 0:
        opened.append(number)
results = {"open": opened}
