# what: end, stop and wake a process of the same user
# expect: closed
# control: open
import os
import signal

opened = []
for number in (0, signal.SIGUSR1, signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    try:
        os.kill(context["pid"], number)
        opened.append(int(number))
    except OSError:
        pass
results = {"open": opened}
