import numpy as np
import tango

group = tango.Group("quads")
group.add(["sr/ps/qf1-c%02d" % c for c in range(1, 9)])

replies = group.read_attribute("Temperature")
temps = {}
for reply in replies:
    if reply.has_failed():
        print("failed:", reply.dev_name())
        continue
    temps[reply.dev_name()] = reply.get_data().value

values = np.array(list(temps.values()))
outliers = [d for d, t in temps.items() if abs(t - np.median(values)) > 3 * values.std()]
print("devices read:", len(temps), "of", group.get_size())
print("median %.1f, outliers %s" % (np.median(values), outliers or "none"))
