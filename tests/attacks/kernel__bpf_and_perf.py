# what: load programs into the kernel, count its events
# expect: closed
# control: none, hosts refuse both to users
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


space = (ctypes.c_ulonglong * 16)(1 << 32 | 1)
got = {"perf": call(298, ctypes.addressof(space), 0, -1, -1, 0), "bpf": call(321, 0, ctypes.addressof(space), 72)}
results = {"open": [name for name, value in got.items() if value != -1], "got": got}
