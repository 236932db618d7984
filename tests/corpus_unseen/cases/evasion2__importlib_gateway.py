import importlib

ca = importlib.__import__("epics", fromlist=["PV"])
ca.PV("U:4").put(1)
