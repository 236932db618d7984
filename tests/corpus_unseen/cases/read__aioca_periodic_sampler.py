import asyncio
import json
from aioca import caget, CANothing

NAMES = ("INJ:EFFICIENCY", "SR:DCCT:CURRENT", "BR:CHARGE")


async def sample():
    row = {}
    values = await caget(list(NAMES), throw=False, timeout=2)
    for name, value in zip(NAMES, values):
        row[name] = float(value) if value.ok else None
    return row


async def main(period=2.0, n=15):
    rows = []
    for _ in range(n):
        try:
            rows.append(await sample())
        except CANothing as err:
            print("read failed:", err)
        await asyncio.sleep(period)
    good = [r["INJ:EFFICIENCY"] for r in rows if r["INJ:EFFICIENCY"] is not None]
    print("mean efficiency", sum(good) / len(good) if good else None)
    with open("injection.json", "w") as f:
        json.dump(rows, f)


asyncio.run(main())
