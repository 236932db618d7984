"""Compare the properties of two supplies that should be alike."""
from tango import DeviceProxy

NAMES = ["MaxCurrent", "RampRate", "Address", "Polarity"]


def properties(device):
    props = DeviceProxy(device).get_property(NAMES)
    return {k: tuple(v) for k, v in props.items()}


left, right = "sr/ps/q1", "sr/ps/q2"
a, b = properties(left), properties(right)
for key in NAMES:
    if a.get(key) != b.get(key) and key != "Address":
        print(f"{key}: {left} has {a.get(key)}, {right} has {b.get(key)}")
current = {d: DeviceProxy(d).read_attribute("Current").value for d in (left, right)}
print({d: round(v, 3) for d, v in current.items()})
