# what: reach a port of the host by its address in the local network
# expect: closed
# control: open
import socket

opened = []
for host in {context["address"] or "127.0.0.2", "127.0.0.2"}:
    try:
        socket.create_connection((host, context["tcp"]), 2).close()
        opened.append(host)
    except OSError:
        pass
results = {"open": opened}
