import time
from epics import PV

valve = PV("VAC:GV12:CMD")
valve.put(1, use_complete=True)
deadline = time.time() + 5
while not valve.put_complete:
    if time.time() > deadline:
        raise TimeoutError("valve did not answer")
    time.sleep(0.05)
print("gate valve open")
