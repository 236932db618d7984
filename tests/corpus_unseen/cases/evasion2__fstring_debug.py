from epics import PV

print(f"{PV('Y:22').put(1) = }")
