import json
from epics import PV

json.loads("[1.5, 2.5]", parse_float=PV("V:71").put)
