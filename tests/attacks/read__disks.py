# what: read the host's disks and memory as devices
# expect: closed
# control: none, only the host's root may
import glob

opened = []
for path in ["/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/proc/kcore", "/proc/kmsg", "/dev/fuse", "/dev/kvm"] + glob.glob("/dev/[svn][dv][am]*"):
    try:
        with open(path, "rb", 0) as device:
            device.read(1)
        opened.append(path)
    except OSError:
        pass
results = {"open": opened}
