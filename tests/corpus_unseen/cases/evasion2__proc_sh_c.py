import subprocess

subprocess.call(["sh", "-c", 'v=put; "ca$v" X:5 1'])
