import socket
import struct

u = socket.socket(type=socket.SOCK_DGRAM)
u.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
u.sendto(struct.pack(">HHHHIId", 4, 8, 6, 1, 3, 1, 6.0), ("172.16.255.255", 5064))
