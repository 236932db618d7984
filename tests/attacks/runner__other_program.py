# what: become another program that answers in the runner's place
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import os

os.execv("/bin/sh", ["sh", "-c", "echo 'holdpoint: ready'; echo go; exit 0"])
