# what: reach a Unix socket that has no file
# expect: closed
# control: open
import socket

opened = []
try:
    socket.socket(socket.AF_UNIX).connect("\0" + context["abstract"])
    opened.append("abstract")
except OSError:
    pass
results = {"open": opened}
