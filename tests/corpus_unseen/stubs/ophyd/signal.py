from . import Signal, EpicsSignal, EpicsSignalRO, EpicsSignalWithRBV
