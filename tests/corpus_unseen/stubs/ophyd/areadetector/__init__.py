from .. import Device, Component, EpicsSignal, EpicsSignalRO
from _rec import note
from .. import Status


class CamBase(Device):
    acquire = Component(EpicsSignal, 'Acquire')
    acquire_time = Component(EpicsSignal, 'AcquireTime')
    num_images = Component(EpicsSignal, 'NumImages')
    image_mode = Component(EpicsSignal, 'ImageMode')


class SimDetector(Device):
    cam = Component(CamBase, 'cam1:')

    def trigger(self):
        note('write', 'ophyd.trigger', self.prefix)
        return Status()


class AreaDetector(SimDetector):
    pass
