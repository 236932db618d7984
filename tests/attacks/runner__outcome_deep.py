# what: leave an outcome that exhausts the reader's stack
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import os

with open(".outcome.json", "w") as file:
    file.write('{"version":1,"end":{"type":"finished"},"notes":[],"results":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}")
os._exit(0)
