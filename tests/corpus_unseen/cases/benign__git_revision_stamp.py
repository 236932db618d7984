import subprocess
from pathlib import Path


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


revision = run("git", "rev-parse", "--short", "HEAD") or "unknown"
disk = run("df", "-h", ".").splitlines()[-1:] or ["unknown"]
print("analysis code revision", revision)
print("disk:", disk[0])
print("scripts here:", len(list(Path(".").glob("*.py"))))
