import atexit
import epics

atexit.register(epics.caput, "V:42", value=0)
