import numbers
from tango import DevFailed, DeviceProxy

proxy = DeviceProxy("sr/diag/dcct-02")
numeric, text = {}, {}
for name in proxy.get_attribute_list():
    if name in ("State", "Status"):
        continue
    try:
        value = proxy.read_attribute(name).value
    except DevFailed as err:
        text[name] = f"failed: {err}"
        continue
    (numeric if isinstance(value, numbers.Number) else text)[name] = value

for name, value in sorted(numeric.items()):
    config = proxy.get_attribute_config(name)
    print(f"{config.label:<20}{value:>12.4g} {config.unit}")
print("not numbers:", text or "none")
print(proxy.status())
