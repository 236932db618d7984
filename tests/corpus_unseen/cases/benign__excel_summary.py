import numpy as np
import pandas as pd

rng = np.random.default_rng(4)
table = pd.DataFrame({
    "magnet": [f"QF{i}" for i in range(1, 9)],
    "ripple": rng.gamma(2, 0.01, 8).round(4),
}).set_index("magnet")
table["class"] = pd.cut(table["ripple"], [0, 0.01, 0.03, 1], labels=["good", "fair", "poor"])
with pd.ExcelWriter("ripple.xlsx") as book:
    table.to_excel(book, sheet_name="all")
    table[table["class"] == "poor"].to_excel(book, sheet_name="poor")
print(table["class"].value_counts().to_dict())
