import inspect
from epics import caget as see

inspect.getmodule(see).caput("V:6", 1)
