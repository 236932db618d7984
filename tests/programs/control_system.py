"""A soft IOC whose process variables misbehave on demand, on loopback only.

It counts for itself what reaches it: every put is appended to the log as one JSON line with its time, its process
variable and its value. What an operator would do at a panel is told on standard input: a line `NAME JSON` sets a
process variable, and is answered by `SET NAME`. Ends when its standard input is closed.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "demo"))
from ioc import free_port, stay_on_loopback  # noqa: E402

MAGNETS = 10


def channels(log):
    from caproto import ChannelType
    from caproto.server import PVGroup, pvproperty

    async def told(group, instance, value):
        plain = value.tolist() if hasattr(value, "tolist") else value
        line = json.dumps({"time": time.time(), "pv": instance.pvname, "value": plain}, default=str)
        print(line, file=log, flush=True)

    class Plain(PVGroup):
        clamped = pvproperty(name="CLAMPED", value=1.0)
        silent = pvproperty(name="SILENT", value=1.0)
        broken = pvproperty(name="BROKEN", value=1.0)
        label = pvproperty(name="LABEL", value="hello", dtype=ChannelType.STRING)
        wave = pvproperty(name="WAVE", value=[0.0, 1.0, 2.0], max_length=3)
        mode = pvproperty(
            name="MODE", value="Run", dtype=ChannelType.ENUM, enum_strings=["Off", "Run", "Study"]
        )
        index = pvproperty(name="INDEX", value=7, dtype=ChannelType.LONG)
        gate = pvproperty(name="GATE", value=0, dtype=ChannelType.LONG)

    class Ring(Plain):
        for number in range(MAGNETS):
            locals()[f"magnet_{number}"] = pvproperty(name=f"M{number}", value=10.0 + number)

    async def clamps(group, instance, value):
        await told(group, instance, value)
        return min(value, 5.0)

    async def stays_silent(group, instance, value):
        await told(group, instance, value)
        await asyncio.sleep(3600)

    async def fails(group, instance, value):
        await told(group, instance, value)
        raise ValueError("this one cannot be set")

    for name in ["label", "wave", "mode", "index", "gate", *(f"magnet_{n}" for n in range(MAGNETS))]:
        getattr(Ring, name).putter(told)
    Ring.clamped.putter(clamps)
    Ring.silent.putter(stays_silent)
    Ring.broken.putter(fails)
    return Ring(prefix="CS:").pvdb


async def panel(pvdb) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, value = line.split(" ", 1)
        await pvdb[name].write(json.loads(value), verify_value=False)
        print(f"SET {name}", flush=True)
    os._exit(0)


async def serve(pvdb, port: int) -> None:
    from caproto.asyncio.server import Context

    context = Context(pvdb)

    async def ready(_async_lib):
        if context.port != port:
            os._exit(1)
        print(f"READY port={port}", flush=True)
        await panel(pvdb)

    await context.run(startup_hook=ready)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", required=True)
    options = parser.parse_args()
    port = free_port()
    beacons = socket.socket(type=socket.SOCK_DGRAM)
    beacons.bind(("127.0.0.1", 0))
    stay_on_loopback(port, beacons.getsockname()[1])
    log = open(options.log, "a", encoding="utf-8")
    asyncio.run(serve(channels(log), port))


if __name__ == "__main__":
    main()
