%run ramp.py
import epics
epics.caput?
epics.caput("Z:26", 1)
