import epics
x = 3
if x <> 4:
    print `x`
epics.caput("Z:1", x)
