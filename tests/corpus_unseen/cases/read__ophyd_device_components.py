from ophyd import Component as Cpt, Device, EpicsSignalRO


class IonChamber(Device):
    current = Cpt(EpicsSignalRO, ":CURR")
    voltage = Cpt(EpicsSignalRO, ":VOLT")
    gain = Cpt(EpicsSignalRO, ":GAIN")

    def flux(self, efficiency=0.12):
        """Photons per second from the current."""
        return self.current.get() / 1.602e-19 * efficiency


chambers = [IonChamber(f"XF12:I{i}", name=f"i{i}") for i in range(3)]
for ch in chambers:
    ch.wait_for_connection(timeout=4)
    data = ch.read()
    text = ", ".join(f"{k}={v['value']:.4g}" for k, v in data.items())
    print(ch.name, "->", text)
    print("   flux %.3e" % ch.flux())
print("channels per chamber:", len(chambers[0].read_attrs))
