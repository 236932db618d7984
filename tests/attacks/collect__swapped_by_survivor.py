# what: leave someone behind who swaps files for links while they are collected
# expect: closed
# control: none, what is collected is looked at
# artifacts:
import os

ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.symlink(context["secret"], "link")
    os.write(tell, b"x")
    while True:
        for attempt in (lambda: os.rename("link", "file.txt"), lambda: os.rename("file.txt", "link")):
            try:
                attempt()
            except OSError:
                pass
os.read(ready, 1)
results = {"open": []}
