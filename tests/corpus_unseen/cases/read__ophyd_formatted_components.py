from ophyd import Component as Cpt
from ophyd import Device, EpicsSignalRO, FormattedComponent as FCpt


class Screen(Device):
    def __init__(self, prefix, *, camera, **kwargs):
        self._camera = camera
        super().__init__(prefix, **kwargs)

    inserted = Cpt(EpicsSignalRO, ":IN_STATE")
    centroid_x = FCpt(EpicsSignalRO, "{self._camera}:CX")
    centroid_y = FCpt(EpicsSignalRO, "{self._camera}:CY")

    @property
    def centre(self):
        return self.centroid_x.get(), self.centroid_y.get()


screen = Screen("BTS:SCR1", camera="BTS:CAM1", name="scr1")
screen.wait_for_connection(timeout=5)
if screen.inserted.get():
    print("centre of the spot: (%.1f, %.1f)" % screen.centre)
for key, info in screen.describe().items():
    print(key, info["source"])
