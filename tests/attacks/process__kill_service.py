# what: end the service and whoever started the program
# expect: closed | killed signal
# control: none, it would end the test
import os
import signal

opened = []
for pid in (context["service"], os.getppid(), 1, -context["service"]):
    for number in (signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
            # Its own namespace's first process and its own parent in there it may try to signal.
            opened += [pid] if abs(pid) == context["service"] else []
        except OSError:
            pass
results = {"open": opened}
