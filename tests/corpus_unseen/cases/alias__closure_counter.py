from epics import PV


def stepper(name, step):
    pv, at = PV(name), 0.0

    def tick():
        nonlocal at
        at += step
        pv.put(at)
    return tick


t = stepper("DLY:CH3", 0.5)
t()
t()
