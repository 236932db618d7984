import epics
import pandas as pd

df = pd.DataFrame({"pv": ["U:81", "U:82", "U:81"], "v": [1.0, 2.0, 3.0]})
df.groupby("pv")["v"].agg(lambda s: epics.caput("U:81", s.mean()))
