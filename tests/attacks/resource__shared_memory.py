# what: fill /dev/shm and /tmp
# expect: closed | killed memory_limit | killed workspace_limit | killed signal
# control: none, it would fill the host's memory
import os

opened = []
for folder in ("/dev/shm", "/tmp"):
    total = 0
    try:
        for number in range(40):
            with open("%s/holdpoint_attack_%d" % (folder, number), "wb", 0) as file:
                for _ in range(7):
                    total += file.write(bytes(1 << 20))
    except OSError:
        pass
    if total > 100 << 20:
        opened.append([folder, total])
results = {"open": opened}
