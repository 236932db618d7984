from ophyd import Component as Cpt
from ophyd import EpicsSignal, EpicsSignalRO, PVPositioner


class Undulator(PVPositioner):
    setpoint = Cpt(EpicsSignal, "GAP:SP")
    readback = Cpt(EpicsSignalRO, "GAP:RB")
    done = Cpt(EpicsSignalRO, "GAP:DONE")
    stop_signal = Cpt(EpicsSignal, "GAP:STOP")


und = Undulator("ID03:", name="und")
und.move(18.2, wait=True, timeout=60)
und.stop()
