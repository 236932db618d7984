import _thread
import time
import epics

_thread.start_new_thread(epics.caput, ("T:18", 1))
time.sleep(0.3)
