# what: use handles that no one asked permission for, to link, rename and change what they name
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
try:
    held = os.open(context["other_run"], os.O_PATH)
    file = os.open(context["other_run"] + "/result", os.O_PATH)
except OSError:
    held = file = -1
name, empty, target = (ctypes.create_string_buffer(text) for text in (b"result", b"", b"taken"))
at = ctypes.addressof
if held >= 0:
    for what, number, values in (
        ("fchmodat2", 452, (file, at(empty), 0o777, 0x1000)),
        ("fchmodat", 268, (held, at(name), 0o777)),
        ("fchownat", 260, (file, at(empty), os.getuid(), os.getgid(), 0x1000)),
        ("utimensat", 280, (held, at(name), 0, 0)),
        ("openat", 257, (held, at(name), 2)),
        ("linkat", 265, (held, at(name), -100, at(target), 0)),
        ("renameat2", 316, (held, at(name), -100, at(target), 0)),
        ("unlinkat", 263, (held, at(name), 0)),
    ):
        if call(number, *values) >= 0:
            opened.append(what)
results = {"open": opened}
