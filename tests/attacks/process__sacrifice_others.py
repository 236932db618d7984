# what: have the kernel end others first when memory runs out
# expect: closed
# control: open
import os

opened = []
for pid in (context["pid"], context["service"]):
    for name, value in (("oom_score_adj", "1000"), ("coredump_filter", "0x7f"), ("comm", "x"), ("timerslack_ns", "1")):
        try:
            with open("/proc/%d/%s" % (pid, name), "w") as file:
                file.write(value)
            opened.append([pid, name])
        except OSError:
            pass
try:
    # To spare itself takes a capability.
    open("/proc/self/oom_score_adj", "w").write("-1000")
    opened.append("self")
except OSError:
    pass
results = {"open": opened}
