# what: plant second names of files of the host and of its own input
# expect: closed
# control: none, what is collected is looked at
# artifacts:
import os

opened = []
for number, path in enumerate((context["secret"], "/input/program.py", "../input/program.py", "/etc/passwd", "/usr/bin/su")):
    try:
        os.link(path, "hard_%d" % number)
        opened.append(path)
    except OSError:
        pass
open("one", "w").close()
os.link("one", "two")
results = {"open": opened}
