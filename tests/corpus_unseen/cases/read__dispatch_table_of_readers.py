"""Read addresses of several systems with one function."""
import epics
import pydoocs
import tango


def read_tango(address):
    device, _, attribute = address.rpartition("/")
    return tango.DeviceProxy(device).read_attribute(attribute).value


READERS = {
    "ca": epics.caget,
    "tango": read_tango,
    "doocs": lambda address: pydoocs.read(address)["data"],
}


def read(url):
    scheme, _, address = url.partition("://")
    try:
        reader = READERS[scheme]
    except KeyError:
        raise ValueError(f"no reader for {scheme!r}") from None
    return reader(address)


for url in ("ca://SR:DCCT", "tango://sr/diag/dcct/Current", "doocs://FLASH.DIAG/TOROID/3GUN/CHARGE"):
    print(url, "->", read(url))
