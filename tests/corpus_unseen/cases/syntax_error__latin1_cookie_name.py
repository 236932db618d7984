# vim: set fileencoding=latin-1 :
from epics import PV as réglage
réglage("Z:35").put(1)