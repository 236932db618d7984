from _rec import note
from ..core import AsyncStatus, Device, SignalR, SignalRW, SignalX


class Motor(Device):
    def __init__(self, prefix, name=''):
        Device.__init__(self, name)
        self.prefix = prefix
        self.user_setpoint = SignalRW(prefix + '.VAL')
        self.user_readback = SignalR(prefix + '.RBV')
        self.velocity = SignalRW(prefix + '.VELO')
        self.motor_stop = SignalX(prefix + '.STOP')

    def set(self, value, **kw):
        note('write', 'ophyd_async.Motor.set', self.prefix, value)
        return AsyncStatus()

    async def stop(self, success=False):
        note('write', 'ophyd_async.Motor.stop', self.prefix)
