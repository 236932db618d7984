import runpy

ns = runpy.run_module("epics.pv")
ns["PV"]("U:14").put(1)
