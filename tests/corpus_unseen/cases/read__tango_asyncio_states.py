import asyncio
from tango.asyncio import DeviceProxy


async def overview(name):
    proxy = await DeviceProxy(name)
    state, current = await asyncio.gather(proxy.state(), proxy.read_attribute("Current"))
    return name, state, current.value


async def main():
    names = [f"tl2/ps/ch{i}" for i in range(1, 5)]
    for name, state, current in await asyncio.gather(*map(overview, names)):
        print(f"{name:<14}{state!s:<10}{current:10.3f} A")


if __name__ == "__main__":
    asyncio.run(main())
