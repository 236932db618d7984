# what: change the mode, times and attributes of a file that is its user's but not its own
# expect: closed
# control: open
import os

path, opened = os.path.join(context["other_run"], "result"), []
for name, attempt in {
    "chmod": lambda: os.chmod(path, 0o777),
    "utime": lambda: os.utime(path, (1, 1)),
    "xattr": lambda: os.setxattr(path, "user.holdpoint", b"1"),
    "truncate": lambda: os.truncate(path, 0),
    "chown": lambda: os.chown(path, os.getuid(), os.getgid()),
}.items():
    try:
        attempt()
        opened.append(name)
    except OSError:
        pass
results = {"open": opened}
