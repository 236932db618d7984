# what: type into the terminal of whoever started the service
# expect: closed
# control: none, the tests have no terminal
import fcntl
import os

opened = []
for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/pts/0", "/dev/pts/1"):
    try:
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        opened.append(path)
        fcntl.ioctl(terminal, 0x5412, b"x")
    except OSError:
        pass
own, other = -1, -1
try:
    own, other = os.openpty()
    for request, value in ((0x5412, b"x"), (0x541C, b"\x03")):
        try:
            fcntl.ioctl(other, request, value)
            opened.append(hex(request))
        except OSError:
            pass
except OSError:
    pass
results = {"open": opened}
