# what: end every process there is
# expect: closed | killed signal
# control: none, it would end other programs of this test
import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for pid, number in ((-1, signal.SIGTERM), (0, signal.SIGTERM), (-1, signal.SIGKILL)):
    try:
        os.kill(pid, number)
    except OSError:
        pass
results = {"open": []}
