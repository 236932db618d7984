import epics
print(f"{epics.caput("Z:59", f"{1 + 1}")}")
