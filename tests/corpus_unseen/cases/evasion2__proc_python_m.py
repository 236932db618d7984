import pathlib
import subprocess
import sys

pathlib.Path("survey.py").write_text("import epics; epics.caput('X:8', 1)")
subprocess.check_output([sys.executable, "survey.py"])
