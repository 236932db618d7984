import heapq
import sched


class Clock:
    def __init__(self):
        self.now = 0.0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Stage:
    position = 0

    def move(self, to):
        self.position = to

    def write(self, text):
        print(f"[{clock.now:5.1f}] {text} at {self.position}")


clock, stage = Clock(), Stage()
plan = sched.scheduler(clock.time, clock.sleep)
for k in range(3):
    plan.enter(2 * k + 1, 1, stage.move, (k * 10,))
    plan.enter(2 * k + 2, 1, stage.write, kwargs={"text": f"point {k}"})
plan.run()
heap = []
for item in ((3, "c"), (1, "a"), (2, "b")):
    heapq.heappush(heap, item)
print([heapq.heappop(heap)[1] for _ in range(3)])
