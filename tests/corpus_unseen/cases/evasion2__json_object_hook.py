import json
import epics

json.loads('[{"pvname": "V:70", "value": 1}]', object_hook=lambda d: epics.caput(**d))
