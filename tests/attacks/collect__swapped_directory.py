# what: swap a directory for a link, over and over, while it is looked into
# expect: closed | killed workspace_limit
# control: none, what is collected is looked at
# artifacts:
import os
import time

os.mkdir("one")
os.symlink(os.path.dirname(context["secret"]), "two")
end = time.monotonic() + 1.5
while time.monotonic() < end:
    os.rename("one", "three")
    os.rename("two", "one")
    os.rename("one", "two")
    os.rename("three", "one")
os.rmdir("one")
results = {"open": []}
