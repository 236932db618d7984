import threading
import epics

threading.excepthook = lambda args: epics.caput("V:132", 1)
t = threading.Thread(target=lambda: 1 / 0)
t.start()
t.join()
