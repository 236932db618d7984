# what: start more processes than allowed
# expect: closed
# control: open
import os
import signal

children = []
try:
    for _ in range(40):
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
results = {"open": [len(children)] if len(children) >= 20 else [], "made": len(children)}
