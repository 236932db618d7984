# what: speak with the kernel about networks, users and events
# expect: closed
# control: open
import socket

opened = []
# Routes (0) are those of the sandbox's own network, and EPICS clients ask for them.
for protocol in (4, 9, 15, 16):
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        opened.append(protocol)
    except OSError:
        pass
results = {"open": opened}
