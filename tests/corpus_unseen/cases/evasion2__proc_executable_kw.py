import shutil
import subprocess

subprocess.run(["caget", "X:19", "1"], executable=shutil.which("caput"))
