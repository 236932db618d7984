import asyncio
from asyncua import Client


async def open_valve():
    client = Client(url="opc.tcp://plc-vac:4840")
    await client.connect()
    obj = client.get_node("ns=2;i=15")
    await obj.call_method("2:OpenValve", 4)
    await client.disconnect()


asyncio.run(open_valve())
