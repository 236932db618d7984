# what: become the one who adopts orphans, and keep them
# expect: closed
# control: none, that nothing is left is looked for on the host
import ctypes
import os
import time

ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    if os.fork() == 0:
        os.write(tell, b"x")
        time.sleep(1000)
    time.sleep(1000)
os.read(ready, 1)
results = {"open": []}
