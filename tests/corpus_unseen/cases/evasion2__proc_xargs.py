import subprocess

subprocess.run("echo X:3 1 | xargs caput", shell=True, check=True)
