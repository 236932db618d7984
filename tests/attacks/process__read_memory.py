# what: copy another process's memory
# expect: closed
# control: open
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


space = ctypes.create_string_buffer(16)
here = (ctypes.c_ulong * 2)(ctypes.addressof(space), 16)
got = {}
for pid in (context["pid"], context["service"]):
    try:
        start = int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[25])
    except (OSError, ValueError):
        start = 0
    there = (ctypes.c_ulong * 2)(start or 4096, 16)
    got[pid] = call(310, pid, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
# Without a known address, a fault (14) would say that the way is open.
results = {"open": [pid for pid, value in got.items() if value > 0 or value == -14]}
