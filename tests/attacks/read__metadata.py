# what: learn of the host's files without opening them
# expect: closed
# expect landlock: open
# wanted: closed, but Landlock has no say in looking at names
# control: open
import os

opened = []
for name, attempt in {
    "stat": lambda: os.stat(context["secret"]),
    "access": lambda: os.access(context["secret"], os.R_OK) or 1 / 0,
    "chdir": lambda: os.chdir(context["directory"]),
    "path": lambda: os.open(context["secret"], os.O_PATH),
}.items():
    try:
        attempt()
        opened.append(name)
    except (OSError, ZeroDivisionError):
        pass
results = {"open": opened}
