import asyncio
import epics


async def serve(reader, writer):
    epics.caput("T:11", float(await reader.readline()))
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    r, w = await asyncio.open_connection("127.0.0.1", port)
    w.write(b"1\n")
    await r.read()
    server.close()


asyncio.run(main())
