import gc
import epics

done = []


def cb(phase, info):
    if not done:
        done.append(1)
        epics.caput("V:107", 1)


gc.callbacks.append(cb)
gc.collect()
