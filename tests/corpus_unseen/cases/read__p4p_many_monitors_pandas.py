import time
from functools import partial

import pandas as pd
from p4p.client.thread import Context

records = []


def note(name, value):
    records.append({"t": value.timestamp, "pv": name, "value": float(value), "severity": value.severity})


ctxt = Context("pva")
names = [f"LN:BPM{i:02d}:X" for i in range(1, 6)]
subs = [ctxt.monitor(n, partial(note, n)) for n in names]
time.sleep(10)
for s in subs:
    s.close()
ctxt.close()

frame = pd.DataFrame.from_records(records)
wide = frame.pivot_table(index="t", columns="pv", values="value", aggfunc="last").ffill()
wide.to_csv("bpm_jitter.csv")
print(wide.std().round(4))
