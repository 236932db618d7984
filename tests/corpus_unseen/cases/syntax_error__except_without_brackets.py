import epics
try:
    int("x")
except ValueError, TypeError:
    epics.caput("Z:64", 1)
