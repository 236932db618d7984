from aioca import caget, caput, run


async def trim():
    gap = await caget("ID09:GAP:RB")
    if gap > 1.0:
        await caput("ID09:GAP:SP", gap - 0.1, wait=True)


run(trim())
