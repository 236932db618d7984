# what: become root in a user namespace
# expect: closed
# control: open
import ctypes

opened = []
libc = ctypes.CDLL(None, use_errno=True)
for name, flag in {"user": 0x10000000, "user and net": 0x50000000, "user and mount": 0x10020000, "user and pid": 0x30000000}.items():
    if libc.unshare(flag) == 0:
        opened.append(name)
results = {"open": opened}
