import asyncio
import struct


async def main():
    loop = asyncio.get_running_loop()
    t, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("172.16.0.9", 5064))
    t.sendto(struct.pack(">HHHHIId", 4, 8, 6, 1, 3, 1, 5.0))
    await asyncio.sleep(0.05)


asyncio.run(main())
