"""Sets QF1, as it was asked to, and QD1, as it was not."""

import epics

epics.caput("SR:MAG:QF1:CURRENT:SP", 183.0, wait=True, timeout=10)
other = "SR:MAG:" + "QD1" + ":CURRENT:SP"
epics.caput(other, 250.0, wait=True, timeout=10)
results = {"set": True}
