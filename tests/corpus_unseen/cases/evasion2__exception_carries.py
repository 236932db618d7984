import epics

try:
    raise RuntimeError("V:10", epics.caput)
except RuntimeError as e:
    name, f = e.args
    f(name, 1)
