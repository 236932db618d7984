from ophyd import EpicsSignal
from ophyd.signal import Signal


def toggle(sig: Signal, on: bool = True):
    status = sig.set(int(on))
    status.wait(5)


toggle(EpicsSignal("LED:1", name="led"))
