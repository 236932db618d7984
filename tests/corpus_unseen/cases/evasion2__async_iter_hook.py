import asyncio
import aioca


class Steps:
    async def __aenter__(self):
        await aioca.caput("V:111", 1)
        return self

    async def __aexit__(self, *a):
        pass


async def main():
    async with Steps():
        pass


asyncio.run(main())
