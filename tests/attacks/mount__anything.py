# what: mount, bind and remount
# expect: closed
# control: namespaces
import ctypes
import os

opened = []
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("place", exist_ok=True)
for what, kind, flags in ((b"none", b"tmpfs", 0), (b"/", None, 4096), (b"none", b"proc", 0), (b"none", b"sysfs", 0)):
    if libc.mount(what, b"place", kind, flags, None) == 0:
        opened.append([what.decode(), str(kind)])
for path in (b"/", b"/usr", b"/input", b"/proc"):
    if libc.mount(None, path, None, 32 | 4096, None) == 0:
        opened.append(path.decode())
results = {"open": opened}
