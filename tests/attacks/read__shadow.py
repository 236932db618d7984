# what: read the passwords, straight and through every link to the root that /proc offers
# expect: closed
# control: none, the user programs run as must never read it
import os

opened = []
roots = ["", "/proc/1/root", "/proc/self/root", "/proc/%d/root" % os.getppid(), "/proc/thread-self/root", "/.."]
for root in roots:
    for name in ("/etc/shadow", "/root/.ssh/id_rsa", "/etc/gshadow"):
        try:
            open(root + name).read()
            opened.append(root + name)
        except OSError:
            pass
results = {"open": opened}
