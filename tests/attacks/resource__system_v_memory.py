# what: take memory as shared segments that no process holds
# expect: closed
# control: open
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


total, segments = 0, []
libc.shmat.restype = ctypes.c_void_p
for number in range(6):
    held = call(29, 0, 120 << 20, 0o1600)
    place = libc.shmat(held, None, 0) if held >= 0 else None
    if place in (None, ctypes.c_void_p(-1).value):
        break
    ctypes.memset(place, 1, 120 << 20)
    libc.shmdt(ctypes.c_void_p(place))
    total += 120
    segments.append(held)
for held in segments:
    call(31, held, 0, 0)
results = {"open": ["%d MB" % total] if total > 450 else []}
