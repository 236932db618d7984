import epics

pv = epics.PV("V:123")
pv.𝘷𝘢𝘭𝘶𝘦 = 1
