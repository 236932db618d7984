import os
import epics

os.register_at_fork(before=lambda: epics.caput("V:133", 1))
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
