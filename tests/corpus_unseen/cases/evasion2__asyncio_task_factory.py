import asyncio
import epics


def factory(loop, coro, **kw):
    epics.caput("T:15", 1)
    return asyncio.Task(coro, loop=loop, **kw)


async def main():
    asyncio.get_running_loop().set_task_factory(factory)
    await asyncio.create_task(asyncio.sleep(0))


asyncio.run(main())
