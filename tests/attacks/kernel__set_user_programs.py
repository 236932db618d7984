# what: gain root by the programs that are meant for that
# expect: closed
# control: none, the user may not use them
import glob
import subprocess

opened = []
for command in (
    ["su", "-c", "id -u"],
    ["sudo", "-n", "id", "-u"],
    ["mount", "-t", "tmpfs", "none", "/tmp"],
    ["newuidmap", "1", "0", "0", "1"],
    ["unshare", "-Ur", "id", "-u"],
    ["bwrap", "--unshare-user", "--ro-bind", "/", "/", "id", "-u"],
    ["setpriv", "--reuid", "0", "id", "-u"],
):
    try:
        told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        continue
    if told.returncode == 0 and told.stdout.strip() in (b"0", b""):
        opened.append(command[0])
results = {"open": opened}
