# what: take the user's watches of files, so that nobody else gets one
# expect: closed
# control: none, the user's share is the host's
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
held = []
while len(held) < 2000:
    got = libc.inotify_init1(0)
    if got < 0:
        break
    held.append(got)
results = {"open": ["inotify"] if len(held) >= 1000 else [], "made": len(held)}
