import selectors
import socket
import epics

a, b = socket.socketpair()
sel = selectors.DefaultSelector()
sel.register(b, selectors.EVENT_READ, data=epics.caput)
a.send(b"x")
for key, _ in sel.select(1):
    key.data("V:131", 1)
