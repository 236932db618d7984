# what: take more of the processor than others
# expect: closed
# control: none, it takes a capability
import os
import resource

opened = []
for name, attempt in {
    "nice": lambda: os.nice(-5),
    "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
    "processes": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)),
    "memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2),
    "file": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2),
    "core": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
}.items():
    # What is already without a limit cannot be raised: that is no success.
    try:
        attempt()
        opened.append(name)
    except (OSError, ValueError):
        pass
results = {"open": [one for one in opened if one != "processes" or resource.getrlimit(resource.RLIMIT_NPROC)[1] == 10**6]}
