import sys
import epics

sys.displayhook = lambda v: epics.caput("V:49", v)
exec(compile("1 + 1", "x", "single"))
