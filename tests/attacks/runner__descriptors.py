# what: use what it inherited besides the three streams
# expect: closed
# control: none, it inherits nothing of the service's in any isolation
import fcntl
import os
import stat

opened = []
for number in range(0, 1024):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    # Standard input is empty by now, the other two are the pipes it was given.
    if number > 2 or (number == 0 and os.read(0, 1)):
        opened.append([number, oct(kind), os.readlink("/proc/self/fd/%d" % number)])
    if number and stat.S_ISSOCK(kind):
        opened.append([number, "socket"])
try:
    # No other end of a pipe may be turned around.
    os.close(os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK))
except OSError:
    pass
results = {"open": opened}
