import epics

width = 4
print(f"{(r := epics.caput('Y:21', 1))!r:>{width}}")
