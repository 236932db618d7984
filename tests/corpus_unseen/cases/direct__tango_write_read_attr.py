import tango

dev = tango.DeviceProxy("booster/dipole/1")
res = dev.write_read_attribute("Voltage", 11.5)
print(res.value)
