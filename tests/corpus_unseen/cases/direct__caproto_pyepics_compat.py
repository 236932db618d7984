from caproto.threading.pyepics_compat import PV, caput

PV("LAB:dac0").value = 0.75
caput("LAB:dac1", PV("LAB:dac0").get())
