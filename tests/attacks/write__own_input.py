# what: change the program, the runner and the context it was given
# expect: closed
# control: none, the files are the service's
import os

opened = []
for base in ("/input", "../input"):
    for name in ("program.py", "runner.py", "context.json"):
        path = os.path.join(base, name)
        for what, attempt in {
            "write": lambda: open(path, "r+").close(),
            "mode": lambda: os.chmod(path, 0o777),
            "remove": lambda: os.remove(path),
            "replace": lambda: os.replace(".new", path),
        }.items():
            open(".new", "w").close()
            try:
                attempt()
                opened.append([what, path])
            except OSError:
                pass
results = {"open": opened}
