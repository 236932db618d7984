import asyncio

from ophyd_async.core import StandardReadable, init_devices
from ophyd_async.epics.core import epics_signal_r


class Sensor(StandardReadable):
    def __init__(self, prefix, name=""):
        with self.add_children_as_readables():
            self.temperature = epics_signal_r(float, f"{prefix}:TEMP")
            self.pressure = epics_signal_r(float, f"{prefix}:PRESS")
        super().__init__(name=name)


async def main():
    async with init_devices():
        cell = Sensor("CRYO:CELL1", name="cell")
    reading = await cell.read()
    shape = await cell.describe()
    for key in reading:
        print(key, reading[key]["value"], shape[key]["dtype"])
    t, p = await asyncio.gather(cell.temperature.get_value(), cell.pressure.get_value())
    print(f"{t:.2f} K at {p:.1f} mbar")


asyncio.run(main())
