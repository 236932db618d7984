import os
import subprocess
import sys

os.mkdir("early")
with open("early/usercustomize.py", "w") as f:
    f.write("import epics\nepics.caput('U:19', 1)\n")
env = dict(os.environ, PYTHONPATH="early" + os.pathsep + os.environ["PYTHONPATH"])
subprocess.run([sys.executable, "-c", "import usercustomize"], env=env)
