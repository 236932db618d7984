# what: lower the priority of all that its user runs
# expect: closed
# control: open
import os

try:
    os.setpriority(os.PRIO_USER, 0, 19)
except OSError:
    pass
# The canary process tells: in a process namespace of its own, its user runs nothing else.
results = {"open": []}
