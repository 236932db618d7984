import sys
import tango

DEVICE = "sr/d-ct/dcct"
ATTRIBUTES = ["Current", "Lifetime", "CurrentRate"]


def main():
    try:
        proxy = tango.DeviceProxy(DEVICE)
        proxy.set_timeout_millis(4000)
        readings = proxy.read_attributes(ATTRIBUTES)
    except tango.DevFailed as err:
        print("cannot read", DEVICE, err, file=sys.stderr)
        return 1
    for attr in readings:
        if attr.has_failed:
            print(f"{attr.name:<14} failed")
            continue
        unit = proxy.get_attribute_config(attr.name).unit
        ok = attr.quality == tango.AttrQuality.ATTR_VALID
        print(f"{attr.name:<14} {attr.value:>12.4f} {unit} {'' if ok else attr.quality.name}")
    print("state:", proxy.state().name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
