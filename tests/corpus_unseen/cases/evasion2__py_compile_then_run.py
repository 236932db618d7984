import py_compile
import subprocess
import sys

with open("a.txt", "w") as f:
    f.write("import epics; epics.caput('T:65', 1)")
py_compile.compile("a.txt", cfile="a.bin.pyc")
subprocess.run([sys.executable, "a.bin.pyc"])
