import threading
import epics

threading.Barrier(1, action=lambda: epics.caput("T:74", 1)).wait()
