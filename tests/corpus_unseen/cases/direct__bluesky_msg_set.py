from bluesky import Msg, RunEngine
from ophyd import EpicsSignal

hv = EpicsSignal("DET:HV:SP", name="hv")


def plan():
    yield Msg("set", hv, (650,), {})
    yield Msg("wait", None)


RunEngine()(plan())
