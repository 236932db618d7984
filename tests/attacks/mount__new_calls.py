# what: mount by the newer calls
# expect: closed
# control: namespaces
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


name = ctypes.create_string_buffer(b"tmpfs")
root = ctypes.create_string_buffer(b"/")
opened = []
if call(430, ctypes.addressof(name), 0) >= 0:
    opened.append("fsopen")
if call(428, -100, ctypes.addressof(root), 1) >= 0:
    opened.append("open_tree")
attributes = (ctypes.c_ulonglong * 4)(0, 1, 0, 0)
if call(442, -100, ctypes.addressof(root), 0, ctypes.addressof(attributes), 32) >= 0:
    opened.append("mount_setattr")
results = {"open": opened}
