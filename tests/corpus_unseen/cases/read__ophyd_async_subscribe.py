import asyncio
import numpy as np
from ophyd_async.core import SignalR
from ophyd_async.epics.core import epics_signal_r


async def collect(signal: SignalR[float], seconds: float) -> np.ndarray:
    values = []
    signal.subscribe_value(values.append)
    await asyncio.sleep(seconds)
    signal.clear_sub(values.append)
    return np.array(values)


async def main():
    signals = {n: epics_signal_r(float, f"BL3:{n}") for n in ("I0", "IT")}
    await asyncio.gather(*(s.connect() for s in signals.values()))
    arrays = await asyncio.gather(*(collect(s, 2.0) for s in signals.values()))
    for name, array in zip(signals, arrays):
        print(name, array.size, array.mean().round(3))


asyncio.run(main())
