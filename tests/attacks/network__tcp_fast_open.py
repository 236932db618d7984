# what: connect by sending, which needs no call of connect
# expect: closed
# control: open
import socket

opened = []
for kind, flags in ((socket.SOCK_STREAM, socket.MSG_FASTOPEN), (socket.SOCK_DGRAM, 0)):
    try:
        probe = socket.socket(socket.AF_INET, kind)
        probe.settimeout(2)
        probe.sendto(b"x", flags, ("127.0.0.1", context["tcp"]))
        # A datagram to nobody is not delivered; only the stream proves something.
        if kind == socket.SOCK_STREAM:
            probe.getpeername()
            opened.append("fast open")
    except OSError:
        pass
results = {"open": opened}
