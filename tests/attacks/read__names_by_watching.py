# what: learn what others do by watching their directories
# expect: closed
# control: open
import ctypes
import os

opened = []
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(0)
for path in (context["other_run"], context["directory"], "/var/tmp", "/etc", "/root", "../../.."):
    if libc.inotify_add_watch(watch, path.encode(), 0x3FF) >= 0 and os.path.exists(context["directory"]):
        opened.append(path)
results = {"open": opened}
