# what: take a name in the host's list of abstract sockets, where the service would look
# expect: closed
# control: open
import os
import socket

opened = []
try:
    taken = socket.socket(socket.AF_UNIX)
    taken.bind("\0holdpoint_attack_%d" % os.getpid())
    # In a network namespace of its own it is alone with the name.
    if len(open("/proc/net/unix").readlines()) > 3:
        opened.append("bound")
except OSError:
    pass
results = {"open": opened}
