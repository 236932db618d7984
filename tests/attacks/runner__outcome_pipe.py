# what: have the outcome be a pipe that nobody writes to
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import os

os.mkfifo(".outcome.json")
os._exit(0)
