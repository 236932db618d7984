import signal
import time
from epics import PV

pv = PV("T:17")
signal.signal(signal.SIGALRM, lambda s, f: pv.put(s))
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.1)
