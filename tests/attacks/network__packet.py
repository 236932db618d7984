# what: listen to every packet
# expect: closed
# control: namespaces
import socket

opened = []
for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
    try:
        socket.socket(socket.AF_PACKET, kind, 0x0300)
        opened.append(int(kind))
    except OSError:
        pass
results = {"open": opened}
