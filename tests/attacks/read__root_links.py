# what: leave the root by the links to roots and directories of other processes
# expect: closed
# control: open
import os

opened = []
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    pids = ["1", str(os.getppid()), str(context["pid"])]
for pid in ["self"] + pids:
    for way in ("root", "cwd/..", "cwd/../../../../.."):
        path = "/proc/%s/%s/%s" % (pid, way, context["secret"].lstrip("/"))
        try:
            with open(path) as file:
                opened.append(file.name)
        except OSError:
            pass
results = {"open": opened[:5]}
