lines = ["import epics", "p = epics.PV('U:42')", "p.put(1)"]
space = {}
for _ in map(lambda text: exec(text, space), lines):
    pass
