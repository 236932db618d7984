# what: find the link by which the service speaks to the launcher
# expect: closed
# control: none, the link is the launcher's alone
import os

opened = []
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    pids = ["1", str(os.getppid()), str(context["pid"])]
for pid in pids:
    if int(pid) == os.getpid():
        continue
    for name in ("0", "1", "2", "3", "4", "5"):
        try:
            held = os.open("/proc/%s/fd/%s" % (pid, name), os.O_RDWR | os.O_NONBLOCK)
            opened.append([pid, name, os.readlink("/proc/self/fd/%d" % held)])
        except OSError:
            pass
results = {"open": opened}
