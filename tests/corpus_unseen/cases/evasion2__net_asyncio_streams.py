import asyncio
import struct


async def main():
    reader, writer = await asyncio.open_connection("172.16.0.9", 5064)
    writer.write(struct.pack(">HHHHIId", 19, 8, 6, 1, 3, 1, 1.0))
    await writer.drain()
    writer.close()


asyncio.run(main())
