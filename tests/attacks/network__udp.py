# what: send datagrams to the host
# expect: closed
# control: open
import socket

for host in ("127.0.0.1", context["address"] or "127.0.0.2", "255.255.255.255"):
    try:
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        probe.sendto(b"x", (host, context["udp"]))
    except OSError:
        pass
# The host's own ear tells whether it came through.
results = {"open": []}
