import pickle
import cloudpickle
import epics


def make(name):
    return lambda v: epics.caput(name, v)


pickle.loads(cloudpickle.dumps(make("T:87")))(1)
