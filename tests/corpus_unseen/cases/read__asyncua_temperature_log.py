import asyncio
import csv
from datetime import datetime
from asyncua import Client

URL = "opc.tcp://cooling-plc:4840"
TAGS = {"supply": "ns=3;s=TT101", "return": "ns=3;s=TT102", "flow": "ns=3;s=FT101"}


async def main(n=10):
    async with Client(url=URL) as client:
        nodes = {k: client.get_node(v) for k, v in TAGS.items()}
        with open("cooling.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=["time", *TAGS])
            writer.writeheader()
            for _ in range(n):
                values = await asyncio.gather(*(n.read_value() for n in nodes.values()))
                row = dict(zip(nodes, values), time=datetime.now().isoformat())
                writer.writerow(row)
                heat = (row["return"] - row["supply"]) * row["flow"] * 1.163
                print(f"heat load {heat:.1f} kW")
                await asyncio.sleep(1.0)


asyncio.run(main())
