# what: use the kernel's keys, which outlive processes
# expect: closed
# control: open
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


kind, name, value = (ctypes.create_string_buffer(text) for text in (b"user", b"holdpoint_attack", b"x"))
opened = []
if call(248, ctypes.addressof(kind), ctypes.addressof(name), ctypes.addressof(value), 1, -2) >= 0:
    opened.append("add_key")
if call(250, 0, -3, 1) >= 0:
    opened.append("keyctl")
results = {"open": opened}
