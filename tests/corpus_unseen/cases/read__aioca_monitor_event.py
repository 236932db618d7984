import asyncio
from aioca import caget, camonitor


async def main():
    opened = asyncio.Event()
    seen = []

    def on_state(value):
        seen.append(int(value))
        if int(value) == 1:
            opened.set()

    sub = camonitor("FE05:SHUTTER:STATE", on_state)
    try:
        await asyncio.wait_for(opened.wait(), timeout=60)
        current = await caget("SR:DCCT:CURRENT")
        print(f"shutter open at {current:.2f} mA after {len(seen)} updates")
    except asyncio.TimeoutError:
        print("shutter stayed shut for a minute")
    finally:
        sub.close()


asyncio.run(main())
