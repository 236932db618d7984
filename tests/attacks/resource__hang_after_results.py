# what: leave results and never come to an end
# expect: killed timeout
# control: none, that it hangs is shown by how it ends
# seconds: 2
import threading
import time

threading.Thread(target=lambda: time.sleep(1000)).start()
results = {"open": []}
