# what: take away what hides the host's files
# expect: closed
# control: namespaces
import ctypes

opened = []
libc = ctypes.CDLL(None, use_errno=True)
for path in (b"/proc", b"/tmp", b"/dev/shm", b"/dev", b"/input", b"/workspace", b"/"):
    if libc.umount2(path, 2) == 0:
        opened.append(path.decode())
results = {"open": opened}
