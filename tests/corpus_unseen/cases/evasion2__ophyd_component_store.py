from ophyd import Component as C, Device, EpicsSignal


class Lens(Device):
    gap = C(EpicsSignal, "GAP")


Lens("Y:24:", name="l").gap = 4
