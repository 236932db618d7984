import epics
# firstpv = epics.PV("Z:44")
# secondpv.put(1)