# what: switch randomised addresses off
# expect: closed
# control: open
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


before = call(135, 0xFFFFFFFF)
got = call(135, 0x0040000)
results = {"open": ["personality"] if got >= 0 else [], "got": got}
