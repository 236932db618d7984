from epics import PV

PV.__dict__["value"].fset(PV("V:21"), 1)
