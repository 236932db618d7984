# what: change the root directory
# expect: closed
# control: namespaces
import os
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
os.makedirs("root/old", exist_ok=True)
new, old = ctypes.create_string_buffer(b"root"), ctypes.create_string_buffer(b"root/old")
if call(155, ctypes.addressof(new), ctypes.addressof(old)) >= 0:
    opened.append("pivot_root")
try:
    os.chroot("root")
    opened.append("chroot")
except OSError:
    pass
results = {"open": opened}
