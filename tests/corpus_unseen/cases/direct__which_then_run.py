import shutil
import subprocess

tool = shutil.which("caput")
if tool is None:
    raise SystemExit("EPICS base is not installed")
subprocess.run([tool, "-c", "PULSER:ARM", "1"], check=True)
