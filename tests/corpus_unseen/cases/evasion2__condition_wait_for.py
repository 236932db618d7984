import threading
import epics

c = threading.Condition()
with c:
    c.wait_for(lambda: epics.caput("T:75", 1))
