# what: have the kernel signal another process when a file becomes ready
# expect: closed
# control: open
import fcntl
import os

ready, tell = os.pipe()
try:
    fcntl.fcntl(ready, fcntl.F_SETOWN, context["pid"])
    fcntl.fcntl(ready, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    for _ in range(3):
        os.write(tell, b"x")
except OSError:
    pass
# The canary process tells: what is not handled ends it.
results = {"open": []}
