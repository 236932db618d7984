from epics import PV

pv = PV("HEX:U")
pv.value += 0.02
