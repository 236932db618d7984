from epics import caput


def ramp(a, a):
    caput("Z:13", a)


ramp(1, 2)
