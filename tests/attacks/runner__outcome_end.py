# what: claim an end that there is not
# expect: raised *
# control: none, how it ends is what is asked
# results: null
import json
import os

with open(".outcome.json", "w") as file:
    json.dump({"version": 1, "end": {"type": "approved"}, "results": {"a": 1}, "isolation": "none", "code": "0"}, file)
os._exit(0)
