import socket
import struct

d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendmsg([struct.pack(">HHHHII", 4, 8, 6, 1, 3, 1), struct.pack(">d", 4.0)], [], 0,
          ("172.16.0.9", 5064))
