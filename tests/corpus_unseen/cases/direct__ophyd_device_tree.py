from ophyd import Component as Cpt
from ophyd import Device, EpicsSignal, EpicsSignalRO
from ophyd.status import wait


class Channel(Device):
    demand = Cpt(EpicsSignal, "SetV")
    actual = Cpt(EpicsSignalRO, "GetV")
    on = Cpt(EpicsSignal, "Pw")


class Crate(Device):
    ch0 = Cpt(Channel, "Ch00:")
    ch1 = Cpt(Channel, "Ch01:")


crate = Crate("CAEN:", name="crate")
for channel in (crate.ch0, crate.ch1):
    channel.on.put(1)
    wait(channel.demand.set(1200.0), timeout=10)
