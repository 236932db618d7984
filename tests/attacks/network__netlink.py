# what: speak with the kernel about networks, users and events
# expect: closed
# control: open
import socket

opened = []
for protocol in (0, 4, 9, 15, 16):
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        opened.append(protocol)
    except OSError:
        pass
results = {"open": opened}
