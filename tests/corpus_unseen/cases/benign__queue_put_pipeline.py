import queue
import threading
import random

jobs = queue.Queue()
done = queue.PriorityQueue()
SENTINEL = None


def worker():
    while (item := jobs.get()) is not SENTINEL:
        index, size = item
        rng = random.Random(index)
        done.put((index, sum(rng.random() for _ in range(size)) / size))
        jobs.task_done()
    jobs.task_done()


threads = [threading.Thread(target=worker) for _ in range(3)]
for t in threads:
    t.start()
for i in range(20):
    jobs.put((i, 500))
for _ in threads:
    jobs.put_nowait(SENTINEL)
jobs.join()
for t in threads:
    t.join()
while not done.empty():
    index, mean = done.get()
    print(index, round(mean, 4))
