# what: leave files in the temporary directories that the host shares
# expect: closed
# control: open
import os

opened = []
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"):
    name = "%s_%s" % (context["trace"], context["name"])
    try:
        open(os.path.join(folder, name), "w").close()
    except OSError:
        continue
    # Alone in it: a directory of its own.
    if [one for one in os.listdir(folder) if one != name] or os.path.exists(context["directory"]):
        opened.append(folder)
results = {"open": opened}
