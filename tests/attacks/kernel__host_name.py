# what: give the host another name
# expect: closed
# control: namespaces
import socket

try:
    socket.sethostname("holdpoint-attack")
    results = {"open": ["sethostname"]}
except OSError:
    results = {"open": []}
