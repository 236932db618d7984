# what: take more memory by many processes than one may
# expect: raised MemoryError | killed memory_limit | killed signal | closed
# expect bubblewrap: open
# control: open
import os
import signal

most, children = 6, []
for _ in range(most):
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        piece = bytearray(120 << 20)
        piece[::4096] = b"x" * len(piece[::4096])
        os.write(tell, b"x")
        signal.pause()
    os.close(tell)
    os.read(ready, 1)
    children.append(child)
# What counts is who is still there with all that it took.
alive = sum(os.waitpid(child, os.WNOHANG)[0] == 0 for child in children)
results = {"open": ["%d MB" % (120 * alive)] if alive == most else []}
