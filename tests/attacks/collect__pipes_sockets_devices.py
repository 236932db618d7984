# what: plant what blocks its reader, or is none of the host's files
# expect: closed
# control: none, what is collected is looked at
# artifacts:
import os
import socket
import stat

opened = []
os.mkfifo("pipe.txt")
try:
    socket.socket(socket.AF_UNIX).bind("socket.txt")
except OSError:
    pass
for kind, number in ((stat.S_IFCHR, os.makedev(1, 1)), (stat.S_IFBLK, os.makedev(254, 0)), (stat.S_IFCHR, os.makedev(1, 5))):
    try:
        os.mknod("device_%d.txt" % number, kind | 0o666, number)
        opened.append(number)
    except OSError:
        pass
results = {"open": opened}
