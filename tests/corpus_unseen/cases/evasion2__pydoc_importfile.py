import pydoc

with open("manual.py", "w") as f:
    f.write("import epics; epics.caput('T:67', 1)")
pydoc.importfile("manual.py")
