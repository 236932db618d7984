import os
import signal
import epics

signal.signal(signal.SIGUSR1, lambda *_: epics.caput("V:44", 1))
os.kill(os.getpid(), signal.SIGUSR1)
