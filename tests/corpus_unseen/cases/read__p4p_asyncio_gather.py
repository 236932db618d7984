import asyncio
from p4p.client.asyncio import Context

PVS = [f"UND:SEG{i:02d}:K" for i in range(1, 11)]


async def read_one(ctxt, name, limit):
    async with limit:
        try:
            return name, float(await asyncio.wait_for(ctxt.get(name), timeout=3))
        except asyncio.TimeoutError:
            return name, None


async def main():
    limit = asyncio.Semaphore(4)
    with Context("pva") as ctxt:
        pairs = await asyncio.gather(*(read_one(ctxt, n, limit) for n in PVS))
    taper = [k for _, k in pairs if k is not None]
    for name, k in pairs:
        print(name, "no answer" if k is None else f"{k:.5f}")
    if len(taper) > 1:
        print("taper:", round((taper[-1] - taper[0]) / taper[0], 6))


asyncio.run(main())
