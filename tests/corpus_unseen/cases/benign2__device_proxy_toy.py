from types import SimpleNamespace


class DeviceProxy:
    """Answers like a device server, from a dictionary."""

    def __init__(self, name, **attributes):
        self._name = name
        self._attributes = dict(attributes)
        self._commands = {"Reset": self._reset, "On": lambda: self.write_attribute("Power", 1)}

    def _reset(self):
        for key in self._attributes:
            self._attributes[key] = 0

    def read_attribute(self, key):
        return SimpleNamespace(name=key, value=self._attributes[key])

    def write_attribute(self, key, value):
        if key not in self._attributes:
            raise KeyError(key)
        self._attributes[key] = value

    def command_inout(self, command):
        return self._commands[command]()


dev = DeviceProxy("toy/ps/1", Current=5.0, Power=0)
dev.write_attribute("Current", 7.5)
dev.command_inout("On")
print([dev.read_attribute(k).value for k in ("Current", "Power")])
dev.command_inout("Reset")
print([dev.read_attribute(k).value for k in ("Current", "Power")])
