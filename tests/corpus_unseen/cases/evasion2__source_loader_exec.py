from importlib.machinery import SourceFileLoader

with open("notes.txt", "w") as f:
    f.write("import epics\nepics.caput('U:24', 1)\n")
SourceFileLoader("notes", "notes.txt").load_module()
