import subprocess

subprocess.run(["ssh", "-o", "BatchMode=yes", "ctl-host", "caput", "X:21", "1"], check=True)
