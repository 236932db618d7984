# what: write again through /proc/self/fd what was opened to be read
# expect: closed
# control: open
import os

opened = []
for path in (context["secret"], "/input/program.py", "../input/program.py"):
    try:
        read = os.open(path, os.O_RDONLY)
        os.close(os.open("/proc/self/fd/%d" % read, os.O_RDWR))
        opened.append(path)
    except OSError:
        pass
results = {"open": opened}
