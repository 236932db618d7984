import importlib.util

spec = importlib.util.find_spec("epics")
mod = importlib.util.module_from_spec(spec)
import sys
sys.modules["epics"] = mod
spec.loader.exec_module(mod)
mod.caput("U:3", 1)
