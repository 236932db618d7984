import asyncio
import epics


async def main():
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, epics.caput, "V:53", 1)


asyncio.run(main())
