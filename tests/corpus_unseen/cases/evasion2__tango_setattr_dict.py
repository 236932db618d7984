from tango import DeviceProxy as D

dev = D("sr/ps/3")
for key, value in {"Current": 2, "Ramp": 0.1}.items():
    setattr(dev, key, value)
