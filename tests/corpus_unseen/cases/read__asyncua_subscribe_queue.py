import asyncio
from asyncua import Client


class Forward:
    def __init__(self, queue):
        self.queue = queue

    def datachange_notification(self, node, value, data):
        self.queue.put_nowait((str(node), value))


async def main(limit=3):
    queue = asyncio.Queue()
    async with Client(url="opc.tcp://cryo-plc:4840") as client:
        nodes = [client.get_node(f"ns=2;s=Valve{i}.Position") for i in range(limit)]
        subscription = await client.create_subscription(200, Forward(queue))
        handle = await subscription.subscribe_data_change(nodes)
        for _ in range(limit):
            name, value = await asyncio.wait_for(queue.get(), timeout=10)
            print(f"{name}: {value:.1f} %")
        await subscription.unsubscribe(handle)
        await subscription.delete()


asyncio.run(main())
