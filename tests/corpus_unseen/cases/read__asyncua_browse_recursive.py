import asyncio
from asyncua import Client, ua


async def leaves(node, path=()):
    if len(path) > 1:
        return
    for child in await node.get_children():
        name = (await child.read_browse_name()).Name
        if await child.read_node_class() == ua.NodeClass.Variable:
            yield (*path, name), child
        async for item in leaves(child, (*path, name)):
            yield item


async def main():
    async with Client("opc.tcp://water-plc:4840") as client:
        async for path, node in leaves(client.nodes.objects):
            data = await node.read_data_value()
            print("/".join(path), data.Value.Value, data.StatusCode.name)


asyncio.run(main())
