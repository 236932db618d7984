import shutil
import subprocess

TOOLS = {"r": "caget", "w": "caput"}
subprocess.run([shutil.which(TOOLS[max(TOOLS)]), "X:18", "1"])
