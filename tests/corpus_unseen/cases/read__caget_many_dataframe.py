from epics import caget_many
import numpy as np
import pandas as pd

sectors = range(1, 9)
bpms = [f"SR:C{s:02d}:BPM{k}" for s in sectors for k in (1, 2, 3)]
x = caget_many([b + ":SA_X" for b in bpms], timeout=2.0)
y = caget_many([b + ":SA_Y" for b in bpms], timeout=2.0)

df = pd.DataFrame({"bpm": bpms, "x_um": x, "y_um": y}).set_index("bpm")
df = df.astype(float)
missing = df.isna().any(axis=1)
if missing.any():
    print("no answer from:", list(df.index[missing]))

summary = df.dropna().agg(["mean", "std", "min", "max"])
print(summary.round(2))
print("rms x = %.2f um" % np.sqrt((df["x_um"] ** 2).mean()))
df.to_csv("orbit_snapshot.csv", float_format="%.3f")
