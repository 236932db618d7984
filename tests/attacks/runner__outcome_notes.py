# what: flood the reader with notes and a message without end
# expect: raised E*
# control: none, how it ends is what is asked
import json
import os

end = {"type": "raised", "error_type": "E" * 100_000, "message": "m" * 1_000_000, "traceback": "t" * 1_000_000, "line": 4_000_000_000}
with open(".outcome.json", "w") as file:
    json.dump({"version": 1, "end": end, "notes": ["n" * 1_000] * 1_000, "results": None}, file)
os._exit(0)
