import socket
import struct

s = socket.socket()
s.connect(("172.16.0.9", 5064))
s.send(struct.pack(">HHHHIId", 4, 8, 6, 1, 3, 1, 9.5))
s.close()
