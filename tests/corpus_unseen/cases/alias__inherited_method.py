import tango


class Base:
    def __init__(self, name):
        self.proxy = tango.DeviceProxy(name)

    def apply(self, attr, value):
        self.proxy.write_attribute(attr, value)


class Dipole(Base):
    def standardise(self):
        for amps in (600, 0, 550):
            self.apply("Current", amps)


Dipole("sr/dip/all").standardise()
