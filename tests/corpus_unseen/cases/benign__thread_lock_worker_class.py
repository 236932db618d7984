import threading
from collections import deque


class Worker(threading.Thread):
    def __init__(self, func):
        super().__init__(daemon=True)
        self.func = func
        self.todo, self.results = deque(), []
        self.condition = threading.Condition()
        self.closed = False

    def put(self, item):
        with self.condition:
            self.todo.append(item)
            self.condition.notify()

    def stop(self):
        with self.condition:
            self.closed = True
            self.condition.notify()
        self.join()

    def run(self):
        while True:
            with self.condition:
                self.condition.wait_for(lambda: self.todo or self.closed)
                if not self.todo:
                    return
                item = self.todo.popleft()
            self.results.append(self.func(item))


worker = Worker(lambda n: (n, n % 7))
worker.start()
for k in range(30):
    worker.put(k)
worker.stop()
print(len(worker.results), worker.results[-1])
