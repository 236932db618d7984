# what: find a control system by its usual ports on the loopback
# expect: closed
# control: none, there is no control system in this test
import socket

opened = []
for port in (5064, 5065, 5075, 5076, 22, 80, 443, 8080, 11434, 631):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        opened.append(port)
    except OSError:
        pass
results = {"open": opened}
