import pandas as pd
from p4p.client.thread import Context

ctxt = Context("pva", nt=False)
raw = ctxt.get("CONFIG:LATTICE:TABLE", timeout=5)
columns = {label: raw.value[label] for label in raw.labels}
frame = pd.DataFrame(columns)
print(frame.describe())
print(frame.sort_values(raw.labels[-1], ascending=False).head())
ctxt.close()
