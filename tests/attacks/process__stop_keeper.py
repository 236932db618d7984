# what: stop the process that keeps it, and go on by itself
# expect: killed timeout
# control: none, that it hangs is shown by how it ends
# seconds: 2
import os
import signal
import time

ancestor = os.getppid()
for _ in range(4):
    try:
        os.kill(ancestor, signal.SIGSTOP)
    except OSError:
        pass
    try:
        ancestor = int(open("/proc/%d/stat" % ancestor).read().rsplit(")", 1)[1].split()[1])
    except OSError:
        break
time.sleep(1000)
