# what: make a system call by the old 32-bit gate, whose numbers mean others
# expect: closed | killed signal
# control: none, some kernels have no such gate
import ctypes
import mmap

# getpid by `int 0x80`, then unshare(CLONE_NEWUSER) by the same way.
code = bytes([0x53, 0xB8, 0x36, 0x01, 0, 0, 0xBB, 0, 0, 0, 0x10, 0xCD, 0x80, 0x5B, 0xC3])
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
got = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
results = {"open": ["unshare"] if got == 0 else [], "got": got}
