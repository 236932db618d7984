# what: change the compiled modules that the next program loads
# expect: closed
# control: none, the files are root's
import glob
import json
import os

opened = []
for path in glob.glob(os.path.dirname(json.__file__) + "/__pycache__/*") + [json.__file__, os.__file__, "/usr/lib/python3/dist-packages"]:
    for attempt in (lambda: open(path, "r+b").close(), lambda: os.utime(path), lambda: os.rename(path, path + "_")):
        try:
            attempt()
            opened.append(path)
        except OSError:
            pass
results = {"open": opened}
