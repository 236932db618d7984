# what: stop itself, its group and its parent, so that nobody ever reports an end
# expect: killed timeout
# expect bubblewrap: killed timeout | killed signal
# control: none, that it hangs is shown by how it ends
# seconds: 2
import os
import signal
import time

for pid in (os.getppid(), 0, os.getpid()):
    try:
        os.kill(pid, signal.SIGSTOP)
    except OSError:
        pass
while True:
    time.sleep(100)
