# what: plant links where files are collected
# expect: closed
# control: none, what is collected is looked at
# artifacts: kept.txt
import os

os.makedirs("figures")
for name, target in {
    "figures/figure_01.png": context["secret"],
    "shadow.txt": "/etc/shadow",
    "passwd.txt": "/etc/passwd",
    "up": "../..",
    "root": "/",
    "self.txt": "kept.txt",
    "environ.txt": "/proc/self/environ",
    "descriptor.txt": "/proc/self/fd/0",
}.items():
    os.symlink(target, name)
with open("kept.txt", "w") as file:
    file.write("kept")
results = {"open": []}
