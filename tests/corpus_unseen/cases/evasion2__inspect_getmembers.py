import inspect
import epics

for name, fn in inspect.getmembers(epics, inspect.isfunction):
    if name.startswith("cap") and "wait" in inspect.signature(fn).parameters and "_" not in name:
        fn("V:5", 1)
