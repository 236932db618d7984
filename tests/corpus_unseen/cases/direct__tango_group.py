import tango

group = tango.Group("correctors")
group.add(["sr/ps-hcm/%02d" % k for k in range(1, 9)])
replies = group.write_attribute("Current", 0.0)
if any(getattr(r, "has_failed", lambda: False)() for r in replies):
    print("some refused")
