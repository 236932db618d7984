import asyncio
import aioca as net


class Link:
    send = staticmethod(net.caput)


async def main():
    await asyncio.wait_for(Link.send("LASER:DELAY", 3e-9), 2)


asyncio.run(main())
