import pvaccess as pva

names = ["FFA:A", "FFA:B", "FFA:C"]
mc = pva.MultiChannel(names, pva.CA)
print(mc.get("field(value)"))
mc.put([pva.PvDouble(pva.DOUBLE, {"value": x}) for x in (1.0, 2.0, 3.0)])
