import subprocess
from pathlib import Path

base = Path("/opt/epics/base/bin/linux-x86_64")
subprocess.Popen([base / "caput", "X:23", "1"]) if base.exists() else None
subprocess.run(f"{base / 'caput'} X:23 1", shell=True)
