import asyncio
from ophyd_async.epics.motor import Motor


async def main():
    m = Motor("BL07:SAMPLE:X", name="x")
    await m.connect()
    await m.set(2.0)
    await m.velocity.set(0.5)


asyncio.run(main())
