# what: reach a Unix socket by its path
# expect: closed
# control: open
import socket

opened = []
for path in (context["unix"], "/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/systemd/private", "/run/user/0/bus", "/dev/log"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            socket.socket(socket.AF_UNIX, kind).connect(path)
            opened.append(path)
        except OSError:
            pass
results = {"open": opened}
