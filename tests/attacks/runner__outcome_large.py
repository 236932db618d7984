# what: leave an outcome that fills the reader's memory
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import os

with open(".outcome.json", "w") as file:
    file.write('{"version":1,"end":{"type":"finished"},"notes":[],"results":{"a":[' + "0," * 3_000_000 + "0]}}")
os._exit(0)
