import asyncio


async def put(pv, value):
    proc = await asyncio.create_subprocess_exec(
        "caput", pv, str(value), stdout=asyncio.subprocess.PIPE)
    out, _ = await proc.communicate()
    return out


async def main():
    for v in (1, 2):
        await put("CHOPPER:SPEED", v)


asyncio.run(main())
