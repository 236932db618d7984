import importlib
import epics

importlib.reload(epics).caput("Y:2", 1)
