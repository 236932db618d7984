import asyncio
import math

from ophyd_async.core import observe_value
from ophyd_async.epics.core import epics_signal_r


async def settle(signal, tolerance, samples=8):
    """Wait until consecutive readings stay within the tolerance."""
    recent = []
    async for value in observe_value(signal):
        recent.append(value)
        recent = recent[-samples:]
        if len(recent) == samples:
            spread = max(recent) - min(recent)
            print(f"spread {spread:.3f}")
            if spread < tolerance:
                return math.fsum(recent) / samples


async def main():
    temperature = epics_signal_r(float, "OVEN:TEMP:RBV", name="oven")
    await temperature.connect()
    value = await settle(temperature, tolerance=20.0)
    print("no steady value" if value is None else f"steady at {value:.2f}")


asyncio.run(main())
