# what: fill the disk by temporary files, which are not in the working directory
# expect: closed | killed workspace_limit | killed memory_limit | killed signal
# control: none, the bound holds without isolation too
import os
import time

total, folder = 0, os.environ["TMPDIR"]
try:
    for number in range(30):
        with open("%s/x%d" % (folder, number), "wb", 0) as file:
            for _ in range(7):
                total += file.write(os.urandom(1 << 20))
    time.sleep(1)
except OSError:
    pass
results = {"open": ["%d MB" % (total >> 20)] if total > 100 << 20 else []}
