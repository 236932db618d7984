# what: restart the host, set its clock, its name, its swap, its modules, its quotas
# expect: closed
# control: none, it would hurt the host
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes, libc.syscall.restype = [ctypes.c_long] * 7, ctypes.c_long


def call(number, *values):
    """Makes a system call; gives its value, or the error's number below zero."""
    got = libc.syscall(number, *values, *[0] * (6 - len(values)))
    return got if got >= 0 else -ctypes.get_errno()


name = ctypes.create_string_buffer(b"holdpoint_attack")
later = (ctypes.c_long * 2)(4102444800, 0)
at = ctypes.addressof
# Arguments that would do nothing harmful: what counts is that the call is refused, not its arguments.
got = {
    "reboot": call(169, 0xFEE1DEAD, 672274793, 0, 0),
    "clock_settime": call(227, 0, at(later)),
    "settimeofday": call(164, at(later), 0),
    "sethostname": call(170, at(name), 16),
    "setdomainname": call(171, at(name), 16),
    "swapon": call(167, at(name), 0),
    "swapoff": call(168, at(name)),
    "init_module": call(175, at(name), 16, at(name)),
    "finit_module": call(313, 0, at(name), 0),
    "delete_module": call(176, at(name), 0),
    "kexec_load": call(246, 0, 0, 0, 0),
    "acct": call(163, at(name)),
    "quotactl": call(179, 0x80000100, 0, 0, 0),
    "iopl": call(172, 3),
    "ioperm": call(173, 0, 1, 1),
    "fanotify_init": call(300, 0x0C, 0),
    "vhangup": call(153),
}
results = {"open": [name for name, value in got.items() if value not in (-1, -38)], "got": got}
