import socket
import time

COLLECTOR = ("logs.example.org", 514)


def send_line(text, facility=16, severity=6):
    stamp = time.strftime("%b %d %H:%M:%S")
    packet = f"<{facility * 8 + severity}>{stamp} analysis: {text}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.sendto(packet, COLLECTOR)


for k in range(3):
    send_line(f"fit {k} converged")
print("lines sent")
