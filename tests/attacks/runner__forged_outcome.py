# what: leave results of its own making and go past the runner
# expect: raised SystemExit
# control: none, how it ends is what is asked
import json
import os

forged = {"version": 1, "end": {"type": "finished"}, "notes": [], "results": {"forged": True}}
with open(".outcome.json", "w") as file:
    json.dump(forged, file)
os._exit(3)
