# what: overwrite its own process's memory, the runner's code included
# expect: closed | killed signal | raised *
# control: none, it owns its memory
import ctypes
import os

code = ctypes.CDLL(None).write
with open("/proc/self/mem", "r+b", 0) as memory:
    memory.seek(ctypes.cast(code, ctypes.c_void_p).value)
    try:
        memory.write(b"\xc3")
    except OSError:
        pass
results = {"open": []}
