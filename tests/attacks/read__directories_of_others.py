# what: read through the working directory of the parent and of other processes
# expect: closed
# control: open
import os

opened = []
for pid in (context["pid"], context["service"]):
    for way in ("cwd", "root", "exe"):
        try:
            opened.append(os.stat("/proc/%d/%s" % (pid, way)).st_ino)
        except OSError:
            pass
results = {"open": opened}
