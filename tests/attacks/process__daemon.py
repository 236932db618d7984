# what: leave a daemon behind that has left parent, session and group
# expect: closed
# control: none, that nothing is left is looked for on the host
import os
import signal
import time

ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        os.write(tell, b"x")
        for descriptor in range(0, 64):
            try:
                os.close(descriptor)
            except OSError:
                pass
        time.sleep(1000)
    os._exit(0)
os.read(ready, 1)
results = {"open": []}
