# what: leave the root by the links to roots and directories of other processes
# expect: closed
# control: open
import os

opened = []
for pid in ["self"] + [name for name in os.listdir("/proc") if name.isdigit()]:
    for way in ("root", "cwd/..", "cwd/../../../../.."):
        path = "/proc/%s/%s/%s" % (pid, way, context["secret"].lstrip("/"))
        try:
            with open(path) as file:
                opened.append(file.name)
        except OSError:
            pass
results = {"open": opened[:5]}
