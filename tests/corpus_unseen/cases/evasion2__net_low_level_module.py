import _socket
import struct

s = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
s.connect(("172.16.0.9", 5064))
s.sendall(struct.pack(">HHHHIId", 4, 8, 6, 1, 3, 1, 3.0))
