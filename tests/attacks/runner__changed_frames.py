# what: change the runner's own variables by its frames
# expect: raised SystemExit
# control: none, how it ends is what is asked
import sys

frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
frame.f_globals["write_outcome"] = lambda *values: None
frame.f_globals["join_threads"] = lambda: sys.exit(7)
results = {"a": 1}
