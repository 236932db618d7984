# what: enter the network of another process
# expect: closed
# control: none, it takes the host's root
import os
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
for pid in (1, os.getppid(), context["pid"], context["service"]):
    for kind in ("net", "user", "mnt", "pid"):
        try:
            space = os.open("/proc/%d/ns/%s" % (pid, kind), os.O_RDONLY)
        except OSError:
            continue
        if call(308, space, 0) >= 0:
            opened.append([pid, kind])
results = {"open": opened}
