import socket
import struct

url = b"opc.tcp://172.16.0.77:4840"
body = struct.pack("<5II", 0, 65535, 65535, 0, 0, len(url)) + url
with socket.create_connection(("172.16.0.77", 4840), timeout=1) as s:
    s.sendall(b"HELF" + struct.pack("<I", 8 + len(body)) + body)
