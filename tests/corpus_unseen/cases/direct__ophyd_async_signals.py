import asyncio
from ophyd_async.core import StandardReadable, init_devices
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw, epics_signal_x


class Heater(StandardReadable):
    def __init__(self, prefix, name=""):
        self.setpoint = epics_signal_rw(float, prefix + "SP")
        self.temperature = epics_signal_r(float, prefix + "T")
        self.reset = epics_signal_x(prefix + "RESET.PROC")
        super().__init__(name=name)


async def main():
    async with init_devices():
        heater = Heater("CRYO:H1:")
    await heater.reset.trigger()
    await heater.setpoint.set(4.5)
    print(await heater.temperature.get_value())


asyncio.run(main())
