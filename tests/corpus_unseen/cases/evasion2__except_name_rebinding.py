import epics

try:
    act = epics.caget
except Exception:
    act = None
else:
    act = epics.caput
finally:
    act("Y:10", 1)
