# what: read another process's memory through /proc
# expect: closed
# control: open
import os

opened = []
for pid in (context["pid"], context["service"]):
    try:
        area = [line for line in open("/proc/%d/maps" % pid) if "[stack]" in line][0]
        start, end = (int(part, 16) for part in area.split()[0].split("-"))
        with open("/proc/%d/mem" % pid, "rb", 0) as memory:
            memory.seek(start)
            opened += [pid] if memory.read(end - start) else []
    except (OSError, IndexError):
        pass
results = {"open": opened}
