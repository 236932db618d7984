# what: leave the control group, or change its limits
# expect: closed
# control: none, the groups are root's
import glob
import os

opened = []
for line in open("/proc/self/cgroup"):
    _, controller, path = line.strip().split(":", 2)
    for base in glob.glob("/sys/fs/cgroup*") + glob.glob("/sys/fs/cgroup/*"):
        for name in ("cgroup.procs", "tasks", "memory.limit_in_bytes", "memory.max", "pids.max", "release_agent", "notify_on_release"):
            for folder in (base, base + path, base + os.path.dirname(path)):
                try:
                    os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
                    opened.append(os.path.join(folder, name))
                except OSError:
                    pass
        try:
            os.mkdir(os.path.join(base, context["trace"]))
            opened.append(base)
        except OSError:
            pass
results = {"open": opened[:5]}
