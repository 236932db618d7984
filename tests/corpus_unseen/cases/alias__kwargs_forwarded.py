import epics

request = {"pvname": "BUMP:B", "value": 0.6, "wait": True}
epics.caput(**request)
