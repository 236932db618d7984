import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky import RunEngine
from ophyd import EpicsMotor, EpicsSignal, EpicsSignalRO

shutter = EpicsSignal("FE:SH:CMD", name="shutter")
stage = EpicsMotor("SAM:x", name="stage")
ion = EpicsSignalRO("ION:1", name="ion")


def exposure(positions):
    def inner():
        yield from bps.mv(shutter, 1)
        for p in positions:
            yield from bps.mv(stage, p)
            yield from bps.sleep(0.1)
            yield from bps.trigger_and_read([ion])

    yield from bpp.finalize_wrapper(inner(), bps.mv(shutter, 0))


RE = RunEngine({})
RE(exposure([0.0, 0.5, 1.0]))
