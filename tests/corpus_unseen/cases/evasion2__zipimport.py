import sys
import zipfile

with zipfile.ZipFile("parts.zip", "w") as z:
    z.writestr("opticslib.py", "import epics\nepics.caput('U:16', 1)\n")
sys.path.insert(0, "parts.zip")
import opticslib
