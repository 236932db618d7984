# what: open a file by its handle, past every directory
# expect: closed
# control: none, the capability for it is the host root's alone
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


import os

handle = ctypes.create_string_buffer(136)
ctypes.cast(handle, ctypes.POINTER(ctypes.c_uint))[0] = 128
mount = ctypes.c_int()
name = ctypes.create_string_buffer(b".")
named = call(303, -100, ctypes.addressof(name), ctypes.addressof(handle), ctypes.addressof(mount), 0)
# The root of most file systems has inode 2.
ctypes.memmove(handle, (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(8, "little"), 16)
folder = os.open(".", os.O_RDONLY)
opened = call(304, folder, ctypes.addressof(handle), os.O_RDONLY)
results = {"open": ["handle"] if opened != -1 else [], "named": named, "opened": opened}
