import asyncio
from contextlib import AsyncExitStack
import aioca


async def main():
    async with AsyncExitStack() as stack:
        stack.push_async_callback(aioca.caput, "T:57", 0)


asyncio.run(main())
