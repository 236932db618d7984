# what: take kernel memory by large pipes
# expect: closed | killed memory_limit | killed signal
# control: none, the user's share is the host's
import fcntl
import os

total = 0
try:
    for _ in range(400):
        _, tell = os.pipe()
        size = fcntl.fcntl(tell, 1031, 1 << 20)
        os.set_blocking(tell, False)
        total += os.write(tell, bytes(size))
except OSError:
    pass
results = {"open": ["%d MB" % (total >> 20)] if total > 256 << 20 else [], "total": total}
