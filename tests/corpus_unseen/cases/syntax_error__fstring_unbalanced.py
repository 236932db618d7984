import epics
print(f"{epics.caput('Z:27', 1)")
