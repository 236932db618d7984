import numpy as np
import tango

proxy = tango.DeviceProxy("sr/v-ip/c12-2")
history = proxy.attribute_history("Pressure", 100)

points = [
    (record.time.totime(), record.value)
    for record in history
    if not record.has_failed and record.value is not None
]
t, p = np.array(points).T
t = (t - t[-1]) / 3600.0
slope, offset = np.polyfit(t, p, 1) if np.ptp(t) > 0 else (0.0, p.mean())
print(f"{len(points)} polled readings of {proxy.name()}")
print(f"mean {p.mean():.3e}, slope {slope:+.2e} per hour")
if proxy.is_attribute_polled("Pressure"):
    print("polled every", proxy.get_attribute_poll_period("Pressure"), "ms")
