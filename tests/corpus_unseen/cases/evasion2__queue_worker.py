import queue
import threading
import epics

q = queue.Queue()


def loop():
    while (job := q.get()) is not None:
        fn, args = job
        fn(*args)


t = threading.Thread(target=loop)
t.start()
q.put((epics.caput, ("V:51", 1)))
q.put(None)
t.join()
