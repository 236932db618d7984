"""Zero the horizontal correctors of one sector and put the old currents back."""
import time
import epics

SECTOR = 7
names = [f"SR{SECTOR:02d}:HCM{i}:CURRENT:SP" for i in range(1, 5)]
saved = epics.caget_many(names)
print("saved", dict(zip(names, saved)))
try:
    epics.caput_many(names, [0.0] * len(names), wait="all")
    time.sleep(0.01)
finally:
    epics.caput_many(names, list(saved), wait="all")
