from code import InteractiveConsole

c = InteractiveConsole({"n": "U:44"})
for line in ("import epics", "epics.caput(n, 1)"):
    c.push(line)
