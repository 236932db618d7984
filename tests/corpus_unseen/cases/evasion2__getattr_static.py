import inspect
from epics import PV

inspect.getattr_static(PV, "value").fset(PV("T:59"), 1)
