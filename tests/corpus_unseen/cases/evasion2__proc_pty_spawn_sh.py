import pty

pty.spawn(["/bin/sh", "-c", "caput X:14 1"])
