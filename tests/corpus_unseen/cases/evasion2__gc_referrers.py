import gc
from epics import caget

for holder in gc.get_referrers(caget):
    if isinstance(holder, dict) and "PV" in holder:
        holder["PV"]("V:2").put(1)
        break
