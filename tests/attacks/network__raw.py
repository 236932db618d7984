# what: make raw sockets
# expect: closed
# control: namespaces
import socket

opened = []
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58), (socket.AF_INET, socket.SOCK_DGRAM, 1)):
    try:
        socket.socket(family, kind, protocol)
        opened.append([int(family), int(kind)])
    except OSError:
        pass
results = {"open": opened}
