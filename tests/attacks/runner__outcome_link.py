# what: have the outcome be a link, a pipe, a directory
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import atexit
import os


def swap():
    os.remove(".outcome.json")
    os.symlink(context["secret"], ".outcome.json")


atexit.register(swap)
results = {"forged": True}
