import math
from tango import DeviceProxy

kicker = DeviceProxy("booster/kicker/inj")
voltage = kicker.Voltage
delay = kicker.Delay
jitter = kicker["Jitter"].value

print(f"voltage {voltage:.1f} V, delay {delay:.3f} us")
relative = math.fabs(jitter / delay)
print("jitter is fine" if relative < 1e-3 else f"jitter is {relative:.2%} of the delay")

info = kicker.info()
print("class", info.dev_class, "served by", info.server_id)
