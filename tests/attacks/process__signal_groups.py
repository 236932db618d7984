# what: signal groups, sessions and queued signals of others
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
information = (ctypes.c_int * 32)(10, 0, -1)
if call(129, context["pid"], 10, ctypes.addressof(information)) == 0:
    opened.append("queue")
try:
    # The canary process is in the group of the test: signal 0 only asks whether one may.
    os.killpg(context["group"], 0)
    opened.append("group")
except OSError:
    pass
results = {"open": opened}
