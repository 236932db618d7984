# what: use the launcher that stands inside the wall, for its own ends
# expect: closed
# control: none, it is there only inside
import json
import os
import subprocess

opened, launchers = [], set()
for line in open("/proc/self/mountinfo") if os.path.exists("/input") else []:
    place = line.split()[4]
    if os.path.isfile(place) and "launch" in place:
        launchers.add(place)
if os.path.exists("/input") and not launchers:
    opened.append("this attack no longer finds the launcher")
for path in launchers:
    try:
        open(path, "r+b").close()
        opened.append("write")
    except OSError:
        pass
    for aim in ({"become": ["/usr/bin/id", "-u"]},):
        for user in ({"uid": 0, "gid": 0}, {"uid": 1000, "gid": 1000}):
            orders = json.dumps({"groups": [], "hand_over": None, "user": user, "aim": aim})
            told = subprocess.run([path, "enter", orders], stdin=subprocess.DEVNULL, capture_output=True)
            if told.returncode == 0:
                opened.append([user, told.stdout.decode()])
results = {"open": opened}
