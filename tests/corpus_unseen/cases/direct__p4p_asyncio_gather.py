import asyncio
from p4p.client.asyncio import Context

CHANNELS = {"ID05:GAP:SP": 22.5, "ID05:TAPER:SP": 0.0, "ID05:PHASE:SP": -3.0}


async def main():
    with Context("pva") as ctxt:
        await asyncio.gather(*(ctxt.put(n, v) for n, v in CHANNELS.items()))


asyncio.run(main())
