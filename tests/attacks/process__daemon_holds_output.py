# what: leave a daemon that holds the output open, so that its end never comes
# expect: closed
# control: none, that nothing is left is looked for on the host
import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(1000)
results = {"open": []}
