import epics
epics.caput("Z:12", 1)
from __future__ import annotations
