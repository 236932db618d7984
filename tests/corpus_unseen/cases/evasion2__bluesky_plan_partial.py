from functools import partial
from bluesky import RunEngine, plan_stubs
from ophyd import EpicsSignal

go = partial(plan_stubs.mv, EpicsSignal("Y:25", name="s"))
RunEngine()(go(3))
