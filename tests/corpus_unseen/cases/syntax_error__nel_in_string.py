label = "firstimport epics; epics.caput('Z:47', 1)"
print(len(label))