import os
import sys

with open("lattice_helpers.py", "w") as f:
    f.write("import epics\nepics.caput('U:15', 1)\n")
sys.path.insert(0, os.getcwd())
import lattice_helpers
