# what: gain capabilities, users and groups
# expect: closed
# control: none, the user has none to give
import os
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


opened = []
for name, attempt in {
    "setuid": lambda: os.setuid(0),
    "setgid": lambda: os.setgid(0),
    "setresuid": lambda: os.setresuid(0, 0, 0),
    "setgroups": lambda: os.setgroups([0]),
    "nice": lambda: os.nice(-1),
}.items():
    try:
        attempt()
        opened.append(name)
    except OSError:
        pass
head = (ctypes.c_uint * 2)(0x20080522, 0)
sets = (ctypes.c_uint * 6)(*[0xFFFFFFFF] * 6)
if call(126, ctypes.addressof(head), ctypes.addressof(sets)) >= 0:
    opened.append("capset")
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
opened += [name for name in ("CapEff", "CapPrm", "CapAmb") if int(status[name], 16)]
opened += ["new privileges"] if int(status["NoNewPrivs"]) != 1 else []
results = {"open": opened}
