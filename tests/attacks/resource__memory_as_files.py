# what: take memory as files that lie in memory
# expect: closed | killed memory_limit | killed signal
# expect bubblewrap: closed | open
# control: open
import os

total, opened = 0, []
for number in range(80):
    try:
        held = os.memfd_create("x")
        for _ in range(7):
            total += os.write(held, bytes(1 << 20))
    except OSError:
        break
    if total > 450 << 20:
        opened.append(total)
        break
results = {"open": opened}
