from bluesky import RunEngine
from bluesky.plan_stubs import abs_set
from ophyd import EpicsSignal

lamp = EpicsSignal("HUTCH:LAMP", name="lamp")
RunEngine()(abs_set(lamp, 1, wait=True))
