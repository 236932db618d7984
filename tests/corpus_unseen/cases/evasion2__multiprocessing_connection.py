import multiprocessing
import epics


class Msg:
    def __reduce__(self):
        return epics.caput, ("T:90", 1)


a, b = multiprocessing.Pipe()
a.send(Msg())
b.recv()
