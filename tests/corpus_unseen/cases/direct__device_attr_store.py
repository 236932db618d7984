import epics

supply = epics.Device("PS:B1:", attrs=("SP", "RB", "ON"))
if supply.RB < 2:
    supply.ON = 1
    supply.SP = 2.25
print(supply.get("RB"))
