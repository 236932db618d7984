import socket
import struct

PUT = 0x0B
body = struct.pack("<IIB", 1, 2, 0x00) + struct.pack("<Bd", 2, 3.25)
header = struct.pack("<BBBBI", 0xCA, 2, 0x00, PUT, len(body))
conn = socket.create_connection(("172.16.4.31", 5075), timeout=1)
conn.send(header + body)
conn.close()
