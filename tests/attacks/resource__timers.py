# what: arm timers without end
# expect: closed
# control: none, the limit holds without isolation too
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


made, number = 0, ctypes.c_int()
while made < 100000 and call(222, 1, 0, ctypes.addressof(number)) >= 0:
    made += 1
results = {"open": ["timers"] if made >= 100000 else [], "made": made}
