import socket
import struct


def message(cmd, payload, dtype, count, p1, p2):
    payload += b"\0" * (-len(payload) % 8)
    return struct.pack(">HHHHII", cmd, len(payload), dtype, count, p1, p2) + payload


with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.settimeout(2)
    s.connect(("172.16.4.20", 5064))
    s.sendall(message(0, b"", 0, 13, 0, 0) + message(18, b"MAG:SP\0", 0, 0, 1, 13))
    reply = s.recv(1024)
    sid = struct.unpack(">I", reply[12:16])[0]
    s.sendall(message(4, struct.pack(">d", 12.0), 6, 1, sid, 1))
