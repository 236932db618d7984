# what: aim one end of a pair of Unix sockets at a socket of the host
# expect: closed
# control: open
import socket

opened = []
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    for address in (context["unix"], "\0" + context["abstract"]):
        try:
            one, _ = socket.socketpair(socket.AF_UNIX, kind)
            one.connect(address)
            opened.append(address)
        except OSError:
            pass
try:
    # What the pair could do is shown by a socket that is bound, not connected.
    socket.socket(socket.AF_UNIX).connect(context["unix"])
    opened.append("plain")
except OSError:
    pass
results = {"open": opened}
