class Registry(type):
    known = {}

    def __new__(mcls, name, bases, namespace):
        cls = super().__new__(mcls, name, bases, namespace)
        if namespace.get("kind"):
            mcls.known[namespace["kind"]] = cls
        return cls


class Device(metaclass=Registry):
    kind = None

    def __init__(self, name):
        self.name = name
        self.settings = {}

    def write(self, **settings):
        self.settings.update(settings)
        return self


class Quadrupole(Device):
    kind = "quad"


class Corrector(Device):
    kind = "corr"


lattice = [Registry.known[k](n) for k, n in (("quad", "QF1"), ("corr", "HC1"), ("quad", "QD1"))]
for i, device in enumerate(lattice):
    device.write(strength=0.1 * i, enabled=True)
for device in lattice:
    print(type(device).__name__, device.name, device.settings)
