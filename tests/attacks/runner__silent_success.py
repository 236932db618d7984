# what: end with status 0 before the runner could say anything
# expect: raised SystemExit
# control: none, how it ends is what is asked
# results: null
import os

results = {"a": 1}
os._exit(0)
