# what: make, link, rename and remove names in a directory of the host
# expect: closed
# control: open
import os

base, opened = context["directory"], []
for name, attempt in {
    "make": lambda: open(base + "made", "w").close(),
    "directory": lambda: os.mkdir(base + "sub"),
    "link": lambda: os.symlink("secret", base + "link"),
    "hard": lambda: os.link(base + "secret", base + "hard"),
    "pipe": lambda: os.mkfifo(base + "pipe"),
    "rename": lambda: os.rename(base + "secret", base + "gone"),
    "remove": lambda: os.remove(base + "gone"),
    "move": lambda: os.rename(base + "other_run", base + "other"),
}.items():
    try:
        attempt()
        opened.append(name)
    except OSError:
        pass
results = {"open": opened}
