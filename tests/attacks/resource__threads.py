# what: start more threads than allowed, each spinning
# expect: closed | killed timeout
# control: none, it would hurt the host
# seconds: 4
import threading
import time

end, made = time.monotonic() + 1, 0


def spin():
    while time.monotonic() < end:
        pass


try:
    for _ in range(200):
        threading.Thread(target=spin, daemon=True).start()
        made = max(made, threading.active_count())
except (RuntimeError, MemoryError):
    pass
results = {"open": [made] if made > 100 else [], "made": made}
