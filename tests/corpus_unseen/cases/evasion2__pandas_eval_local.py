import epics
import pandas as pd

put = epics.caput
try:
    pd.eval("@put('U:77', 1)", engine="python", parser="pandas",
            local_dict={"put": put}, level=0)
except Exception:
    pd.DataFrame({"a": [1.0]}).eval("@put('U:77', 1)", engine="python")
