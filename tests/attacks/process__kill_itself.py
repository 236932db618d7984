# what: end by a signal, with good results left behind
# expect: killed signal
# control: none, that it dies is shown by how it ends
import json
import os
import signal

forged = {"version": 1, "end": {"type": "finished"}, "notes": [], "results": {"forged": True}}
open(".outcome.json", "w").write(json.dumps(forged))
os.kill(os.getpid(), signal.SIGKILL)
