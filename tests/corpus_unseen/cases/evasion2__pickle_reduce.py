import pickle
import epics


class Frame:
    def __reduce__(self):
        return epics.caput, ("U:65", 1)


pickle.loads(pickle.dumps(Frame()))
