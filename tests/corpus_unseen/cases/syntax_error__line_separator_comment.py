import epics
# never run: epics.caput("Z:46", 1)
print(epics.__name__)