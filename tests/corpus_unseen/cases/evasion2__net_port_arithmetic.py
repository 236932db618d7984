import socket
import struct

port = sum((5000, 0x40))
with socket.create_connection(("172.16.0.9", port), 1) as c:
    c.sendall(struct.pack(">HHHHIId", 4, 8, 6, 1, 3, 1, 2.0))
