# what: look for the store, the service's socket and its configuration
# expect: closed
# control: none, the tests' service has no store beside the workspaces
import os

opened = []
for path in ("../..", "../../../..", "/var/lib/holdpoint", "/etc/holdpoint", "/root", "/home", "/run", "/var/run", "/opt"):
    try:
        names = os.listdir(path)
    except OSError:
        continue
    # What the program itself is given may be seen: its interpreter's directories.
    if any(name in ("store", "holdpoint.sock", "config.yml", ".ssh", "executed_scripts", "dbus") for name in names):
        opened.append([path, names])
results = {"open": opened}
