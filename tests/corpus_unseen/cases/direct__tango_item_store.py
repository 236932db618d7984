import tango

dp = tango.DeviceProxy("sys/tg_test/1")
dp["ampli"] = 2.5
dp["double_scalar"] = 10
