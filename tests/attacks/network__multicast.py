# what: speak to a group
# expect: closed
# control: open
import socket

opened = []
try:
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    probe.sendto(b"x", ("224.0.0.251", 5353))
    opened.append("224.0.0.251")
except OSError:
    pass
results = {"open": opened}
