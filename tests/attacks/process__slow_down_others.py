# what: change the priority, processors and limits of another process
# expect: closed
# control: open
import os
import resource

pid, opened = context["pid"], []
for name, attempt in {
    "nice": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "affinity": lambda: os.sched_setaffinity(pid, {0}),
    "scheduler": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
    "limit": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1)),
}.items():
    try:
        attempt()
        opened.append(name)
    except OSError:
        pass
results = {"open": opened}
