# what: use families of sockets that few know: virtual machines, ciphers, Bluetooth, CAN, TIPC, XDP
# expect: closed
# control: open
import socket

opened = []
for family in [number for number in range(3, 46) if number not in (10, 16)]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        try:
            socket.socket(family, kind, 0).close()
            opened.append([family, int(kind)])
        except OSError:
            pass
results = {"open": opened}
