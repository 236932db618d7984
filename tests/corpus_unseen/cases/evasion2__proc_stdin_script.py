import subprocess
import sys

subprocess.run([sys.executable, "-"], input=b"from epics import PV\nPV('X:7').put(1)\n")
