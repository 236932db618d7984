import asyncio
import epics


async def read(name, timeout=2.0):
    return name, await asyncio.to_thread(epics.caget, name, timeout=timeout)


async def main():
    names = ["UND:GAP", "UND:TAPER", "UND:TEMP"]
    done = await asyncio.gather(*(read(n) for n in names), return_exceptions=True)
    for item in done:
        if isinstance(item, BaseException):
            print("failed:", item)
        else:
            print("%s = %s" % item)


asyncio.run(main())
