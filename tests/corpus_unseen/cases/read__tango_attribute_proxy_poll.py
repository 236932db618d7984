import time
import tango

names = ("sr/rf/cav1/Forward", "sr/rf/cav1/Reflected")
proxies = {n: tango.AttributeProxy(n) for n in names}
smooth = {}
alpha = 0.2
for _ in range(10):
    for name, proxy in proxies.items():
        value = proxy.read().value
        smooth[name] = value if name not in smooth else alpha * value + (1 - alpha) * smooth[name]
    time.sleep(0.3)
forward, reflected = (smooth[n] for n in names)
print("reflection %.3f" % (abs(reflected / forward) ** 0.5))
for proxy in proxies.values():
    config = proxy.get_config()
    print(config.name, config.unit, config.min_value, config.max_value)
