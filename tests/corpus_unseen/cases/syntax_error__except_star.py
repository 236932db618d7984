import epics
try:
    raise ExceptionGroup("g", [ValueError(1)])
except* ValueError as g:
    epics.caput("Z:65", len(g.exceptions))
