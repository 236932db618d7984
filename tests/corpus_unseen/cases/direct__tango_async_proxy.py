import asyncio
from tango.asyncio import DeviceProxy


async def main():
    dev = await DeviceProxy("id/undulator/05")
    await dev.write_attribute("gap", 25.0)
    print(await dev.read_attribute("gap"))
    await dev.command_inout("Start")


asyncio.run(main())
