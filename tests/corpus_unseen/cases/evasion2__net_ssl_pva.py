import socket
import ssl
import struct

ctx = ssl.create_default_context()
ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
raw = socket.create_connection(("172.16.0.31", 5076), timeout=1)
with ctx.wrap_socket(raw) as s:
    body = struct.pack("<IIBBd", 1, 2, 0, 2, 3.25)
    s.sendall(struct.pack("<BBBBI", 0xCA, 2, 0, 0x0B, len(body)) + body)
