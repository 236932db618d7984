import sys
import epics.ca

sys.modules["".join(("epi", "cs"))].caput("U:8", 1)
