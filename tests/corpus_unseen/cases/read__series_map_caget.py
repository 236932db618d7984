import pandas as pd
from epics import caget

table = pd.DataFrame({"magnet": ["QF1", "QF2", "QD1", "QD2"], "rated": [140, 140, 120, 120]})
table["pv"] = "SR:" + table["magnet"] + ":CURR_RB"
table["now"] = table["pv"].map(caget)
table["load"] = table["now"] / table["rated"]
print(table[["magnet", "now", "load"]].to_string(index=False))
print("most loaded:", table.loc[table["load"].idxmax(), "magnet"])
