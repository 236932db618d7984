import epics

Tool = type("Tool", (epics.PV,), {"show": epics.PV.put})
Tool("V:83").show(1)
