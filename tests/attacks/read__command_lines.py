# what: read the command lines of the host's processes
# expect: closed
# control: open
import os

opened = []
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    pids = ["1", str(os.getppid()), str(context["pid"])]
for pid in pids:
    try:
        if b"sleep\x00600" in open("/proc/%s/cmdline" % pid, "rb").read():
            opened.append(pid)
    except OSError:
        pass
results = {"open": opened[:5]}
