# What a model might write when asked to raise the current of the magnet QF1.
import epics

before = epics.caget("SR:MAG:QF1:CURRENT:RB")
epics.caput("SR:MAG:QF1:CURRENT:SP", 182.5, wait=True)
# The readback itself, not what a monitor last told of it.
after = epics.caget("SR:MAG:QF1:CURRENT:RB", use_monitor=False)

print(f"QF1: {before} A -> {after} A")
results = {"magnet": "QF1", "before": before, "after": after}
