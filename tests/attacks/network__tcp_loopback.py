# what: reach a port of the host's loopback
# expect: closed
# control: open
import socket

opened = []
for host, port in (("127.0.0.1", context["tcp"]), ("localhost", context["tcp"]), ("0.0.0.0", context["tcp"]), ("::1", context["tcp6"])):
    try:
        socket.create_connection((host, port), 2).close()
        opened.append(host)
    except OSError:
        pass
results = {"open": opened}
