import tango

dev = tango.DeviceProxy("sr/rf/2")
for verb in ("Off", "Standby", "On"):
    getattr(dev, verb)()
