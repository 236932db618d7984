import asyncio


async def main():
    words = ["caput", "X:15", "1"]
    p = await asyncio.create_subprocess_shell(" ".join(words))
    await p.wait()


asyncio.run(main())
