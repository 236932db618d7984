# what: read the command lines of the host's processes
# expect: closed
# control: open
import os

opened = []
for pid in [name for name in os.listdir("/proc") if name.isdigit()] if os.access("/proc", os.R_OK) else []:
    try:
        if b"sleep\0600" in open("/proc/%s/cmdline" % pid, "rb").read():
            opened.append(pid)
    except OSError:
        pass
try:
    opened.append(open("/proc/%d/comm" % context["pid"]).read()) if "sleep" in open("/proc/%d/comm" % context["pid"]).read() else None
except OSError:
    pass
results = {"open": opened[:5]}
