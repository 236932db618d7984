import epics

verb, pv, value = input().split()
getattr(epics, verb)(pv, float(value))
