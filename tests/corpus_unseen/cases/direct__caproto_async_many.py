import asyncio
from caproto.asyncio.client import Context


async def set_one(pv, value):
    await pv.write([value], notify=True)


async def main():
    ctx = Context()
    pvs = await ctx.get_pvs(*(f"AWG:CH{c}:AMP" for c in range(4)))
    await asyncio.gather(*(set_one(p, 0.1 * k) for k, p in enumerate(pvs)))
    await ctx.disconnect()


asyncio.run(main())
