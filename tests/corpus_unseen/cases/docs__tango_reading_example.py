# How to read a Tango device, in four steps
import tango

# 1. make a proxy
device = tango.DeviceProxy("sys/tg_test/1")

# 2. is it there?
print("ping took", device.ping(), "us; state", device.state())

# 3. one attribute, with its quality and time
reading = device.read_attribute("double_scalar")
print(reading.value, reading.quality, reading.time.todatetime())

# 4. the short way
print(device.double_scalar)
# (device.double_scalar = 3.0 would write, so it is left out here)
