import tango

dev = tango.DeviceProxy("li/ps/sol1")
dev.set_timeout_millis(3000)
ids = [dev.write_attribute_asynch("Current", a) for a in (5.0, 5.5)]
for i in ids:
    dev.write_attribute_reply(i, 100)
