# what: write into the system's directories
# expect: closed
# control: none, the user programs run as may not write there anyway
import os

opened = []
for folder in ("/", "/usr", "/usr/bin", "/usr/lib/python3", "/etc", "/dev", "/bin", "/lib", "/opt", "/var", "/run", "/home", "/mnt", "/srv", "/sys", "/proc"):
    try:
        open(os.path.join(folder, context["trace"]), "w").close()
        opened.append(folder)
    except OSError:
        pass
results = {"open": opened}
