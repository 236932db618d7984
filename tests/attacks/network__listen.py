# what: wait for connections from the host's network
# expect: closed
# control: open
import socket

opened = []
try:
    ear = socket.socket()
    ear.bind(("0.0.0.0", 0))
    ear.listen()
    # With nothing but a loopback of its own, nobody can come.
    if context["address"]:
        other = socket.socket()
        other.bind((context["address"], 0))
        opened.append("bound")
except OSError:
    pass
results = {"open": opened}
