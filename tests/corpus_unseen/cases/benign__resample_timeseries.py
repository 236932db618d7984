import numpy as np
import pandas as pd

idx = pd.date_range("2026-01-01", periods=2880, freq="30s")
rng = np.random.default_rng(1)
df = pd.DataFrame({"current": 300 + rng.normal(0, 0.1, idx.size)}, index=idx)
df.loc["2026-01-01 08:00":"2026-01-01 08:25", "current"] = 0.0
df.at[idx[5], "current"] = np.nan
df["beam"] = df["current"] > 10
hourly = df["current"].interpolate().resample("1h").agg(["mean", "min"])
outage = (~df["beam"]).groupby((df["beam"] != df["beam"].shift()).cumsum()).sum()
hourly.iloc[0, 0] = hourly["mean"].iloc[1]
hourly.set_axis(["mean", "lowest"], axis=1)
print(hourly.head(10).round(2))
print("longest outage:", outage.max() * 30, "s")
