import epics
import pandas as pd

pd.DataFrame({"v": [1]}).pipe((epics.caput, "value"), "U:80")
