# what: hide what fills the disk in a directory that may not be read
# expect: killed workspace_limit | closed
# control: none, the user is never asked for its own files without isolation
import os
import time

os.mkdir("hidden")
opened = []
try:
    os.chmod("hidden", 0o300)
    for number in range(300):
        open("hidden/%d" % number, "w").close()
    time.sleep(2)
    opened.append("300 files")
except OSError:
    pass
results = {"open": opened}
