import asyncio


async def main():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.subprocess_exec(asyncio.SubprocessProtocol, "caput", "X:16", "1")
    await transport._wait()


asyncio.run(main())
