import os
import epics

list(os.walk("no/such/place", onerror=lambda e: epics.caput("T:25", 1)))
