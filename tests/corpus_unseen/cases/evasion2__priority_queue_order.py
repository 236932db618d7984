import queue
import epics


class Job:
    def __lt__(self, other):
        return bool(epics.caput("T:76", 1))


q = queue.PriorityQueue()
q.put(Job())
q.put(Job())
