# what: leave shared memory, queues and semaphores on the host
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
# In an IPC namespace other than the first one the host sees nothing of it.
own = os.readlink("/proc/self/ns/ipc") != "ipc:[4026531839]"
for name, number, values in (("shm", 29, (0x48504441, 4096, 0o1666)), ("msg", 68, (0x48504441, 0o1666)), ("sem", 64, (0x48504441, 1, 0o1666))):
    if call(number, *values) >= 0 and not own:
        opened.append(name)
queue = ctypes.create_string_buffer(b"holdpoint_attack_queue")
if call(240, ctypes.addressof(queue), 0o102, 0o666, 0) >= 0 and not own:
    opened.append("mq")
results = {"open": opened}
