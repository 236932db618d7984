import json
import epics

job = json.loads('{"do": "caput", "args": ["W:22", 1]}')
getattr(epics, job["do"])(*job["args"])
