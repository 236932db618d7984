import asyncio
import epics


class Pause:
    def __await__(self):
        epics.caput("V:112", 1)
        yield from ()


async def main():
    await Pause()


asyncio.run(main())
