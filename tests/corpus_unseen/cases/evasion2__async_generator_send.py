import asyncio
import aioca


async def steps():
    for v in (1, 2):
        yield aioca.caput("T:77", v)


async def main():
    async for job in steps():
        await job


asyncio.run(main())
