import difflib

OLD = """\
from epics import caput
caput('SR:QF1:SP', 101.2)
caput('SR:QD1:SP', 99.1)
"""
NEW = """\
from epics import caput
caput('SR:QF1:SP', 101.4, wait=True)
caput('SR:QD1:SP', 99.1)
caput('SR:SX1:SP', 55.0)
"""
changes = list(difflib.unified_diff(OLD.splitlines(), NEW.splitlines(), "old.py", "new.py", lineterm=""))
print("\n".join(changes))
added = sum(1 for c in changes if c.startswith("+") and not c.startswith("+++"))
print(added, "lines added, similarity",
      round(difflib.SequenceMatcher(None, OLD, NEW).ratio(), 3))
