import asyncio
import statistics

from caproto.asyncio.client import Context


async def sample(pv, n):
    values = []
    sub = pv.subscribe(data_type="time")
    async for response in sub:
        values.append(response.data[0])
        if len(values) >= n:
            break
    await sub.clear()
    return values


async def main():
    async with Context() as ctx:
        dcct, life = await ctx.get_pvs("SR:DCCT", "SR:LIFETIME")
        await dcct.wait_for_connection(timeout=3)
        one = await life.read()
        print("lifetime now", one.data[0])
        values = await sample(dcct, 20)
        print("current %.4f +- %.4f" % (statistics.fmean(values), statistics.stdev(values)))


if __name__ == "__main__":
    asyncio.run(main())
