# what: take more memory by many processes than one may
# expect: raised MemoryError | killed memory_limit | killed signal | closed
# expect bubblewrap: open
# control: open
import os

most, counts = 6, []
for _ in range(most):
    ready, tell = os.pipe()
    if os.fork() == 0:
        piece = bytearray(120 << 20)
        piece[::4096] = b"x" * len(piece[::4096])
        os.write(tell, b"x")
        os.read(ready, 1)
        os.read(os.open("/dev/null", os.O_RDONLY), 1)
        import signal

        signal.pause()
    os.close(tell)
    counts.append(os.read(ready, 1) == b"x")
results = {"open": ["%d MB" % (120 * sum(counts))] if sum(counts) == most else []}
