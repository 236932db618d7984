import pandas as pd

df = pd.DataFrame({
    "magnet": ["QF1", "QF2", "QD1", "SX1"],
    "sp": [101.2, 101.4, 99.1, 55.0],
    "rb": [101.25, 101.1, 99.12, 54.2],
})
df = df.eval("delta = rb - sp")
df.eval("rel = delta / sp * 100", inplace=True)
limit = 0.2
off = df.query("abs(rel) > @limit and magnet.str.startswith('Q')", engine="python")
print(df.round(3))
print("quadrupoles off by more than %.1f %%:" % limit, list(off["magnet"]))
