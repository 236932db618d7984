import threading

local = threading.local()
barrier = threading.Barrier(3)
lines, lock = [], threading.Lock()


def take_part(name):
    local.name = name
    local.value = len(name)
    order = barrier.wait(timeout=5)
    with lock:
        lines.append((local.name, local.value, order))


timers = [threading.Timer(0.01 * k, take_part, args=(name,)) for k, name in enumerate(("gun", "linac", "ring"))]
for timer in timers:
    timer.start()
for timer in timers:
    timer.join()
print(sorted(line[:2] for line in lines))
