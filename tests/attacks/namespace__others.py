# what: make namespaces of every other kind
# expect: closed
# control: namespaces
import ctypes

opened = []
libc = ctypes.CDLL(None, use_errno=True)
for name, flag in {"mount": 0x00020000, "net": 0x40000000, "pid": 0x20000000, "uts": 0x04000000, "ipc": 0x08000000, "cgroup": 0x02000000, "time": 0x80}.items():
    if libc.unshare(flag) == 0:
        opened.append(name)
results = {"open": opened}
