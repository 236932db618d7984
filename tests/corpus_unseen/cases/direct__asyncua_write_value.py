import asyncio
from asyncua import Client, ua


async def main():
    async with Client("opc.tcp://10.4.0.12:4840/freeopcua/server/") as client:
        node = await client.nodes.objects.get_child(["2:Chiller", "2:Setpoint"])
        await node.write_value(ua.Variant(18.5, ua.VariantType.Double))


asyncio.run(main())
