# what: read the kernel's log
# expect: closed
# control: none, hosts refuse it to users
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


space = ctypes.create_string_buffer(4096)
got = call(103, 3, ctypes.addressof(space), 4096)
results = {"open": ["syslog"] if got > 0 else [], "got": got}
