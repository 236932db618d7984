# what: have the figures' directory be a link to the host
# expect: closed
# control: none, what is collected is looked at
# artifacts:
import os

os.symlink(os.path.dirname(context["secret"]), "figures")
os.symlink("/etc", "artifacts")
try:
    save_artifact("text", "passwd")
except OSError:
    pass
results = {"open": []}
