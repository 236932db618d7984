import epics
import pandas as pd

table = pd.Series({"U:78": 1.0, "U:79": 2.0})
table.index.to_series().apply(epics.caput, args=(1,))
