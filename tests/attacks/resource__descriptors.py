# what: open descriptors without end
# expect: closed
# control: none, the limit holds without isolation too
import os
import select

held, opened = [], []
try:
    while len(held) < 5000:
        held.append(os.open("/dev/null", os.O_RDONLY))
    opened.append("files")
except OSError:
    pass
for one in held:
    os.close(one)
held = []
try:
    while len(held) < 5000:
        held.append(select.epoll())
    opened.append("epoll")
except OSError:
    pass
held.clear()
results = {"open": opened}
