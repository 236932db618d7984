# what: leave by a thread, with another status than the program's
# expect: raised SystemExit
# control: none, how it ends is what is asked
# results: null
import os
import threading

threading.Thread(target=lambda: os._exit(9)).start()
threading.Event().wait(10)
