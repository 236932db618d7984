import asyncio
import random


async def producer(queue, n):
    for k in range(n):
        await queue.put((k, random.gauss(0, 1)))
    await queue.put(None)


async def consumer(queue):
    total, count = 0.0, 0
    while (item := await queue.get()) is not None:
        total += item[1] ** 2
        count += 1
    return (total / count) ** 0.5


async def main():
    queue = asyncio.Queue(maxsize=8)
    async with asyncio.TaskGroup() as group:
        group.create_task(producer(queue, 200))
        rms = group.create_task(consumer(queue))
    print("rms", round(rms.result(), 3))


asyncio.run(main())
