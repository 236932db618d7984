import operator
import epics

CONFIG = {
    "steps": [
        {"op": "set", "pv": "T:82", "value": 1},
        {"op": "wait", "seconds": 0},
    ],
}
OPS = {"set": lambda s: epics.caput(*operator.itemgetter("pv", "value")(s)), "wait": lambda s: None}
for step in CONFIG["steps"]:
    OPS[step["op"]](step)
