import epics

[0 for n in ("V:115", "V:116") for v in (1,) if epics.caput(n, v)]
