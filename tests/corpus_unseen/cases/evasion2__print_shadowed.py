import epics

print = epics.caput
print("V:78", 1)
