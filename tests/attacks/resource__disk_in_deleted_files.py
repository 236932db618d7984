# what: fill the disk by files that have no name any more
# expect: killed workspace_limit
# control: none, it is counted without a wall too
import os
import time

held, total = [], 0
try:
    for number in range(10):
        held.append(open("file", "w+b", 0))
        os.remove("file")
        for _ in range(6):
            total += held[-1].write(os.urandom(1 << 20))
    time.sleep(1)
except OSError:
    pass
results = {"open": ["%d MB" % (total >> 20)] if total > 40 << 20 else []}
