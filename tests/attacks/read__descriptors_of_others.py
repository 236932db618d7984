# what: open what other processes hold open
# expect: closed
# control: open
import os

opened = []
for pid in (context["pid"], context["service"], os.getppid()):
    for name in ("0", "1", "2", "3", "9"):
        try:
            os.readlink("/proc/%d/fd/%s" % (pid, name))
            opened.append([pid, name])
        except OSError:
            pass
# Its own parent inside the wall is no other process than its own.
results = {"open": [one for one in opened if one[0] in (context["pid"], context["service"])]}
