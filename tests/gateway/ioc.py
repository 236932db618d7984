"""A soft IOC with every type of process variable, on loopback only.

It counts for itself what reaches it: with --log every put is appended to a file as one JSON line, with the name
of the client that put it. Prints `READY port=<port>` once it answers, and ends when its standard input is closed.
"""

import argparse
import asyncio
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "demo"))
from ioc import free_port, stay_on_loopback  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", default="GW:")
    parser.add_argument("--log")
    return parser.parse_args()


def channels(prefix: str, log):
    from caproto import AccessRights, ChannelType
    from caproto.server import PVGroup, pvproperty

    async def told(group, instance, value):
        if log:
            plain = value.tolist() if hasattr(value, "tolist") else value
            print(json.dumps({"pv": instance.pvname, "value": plain}, default=str), file=log, flush=True)

    class Group(PVGroup):
        real = pvproperty(name="REAL", value=1.5, precision=3)
        single = pvproperty(name="SINGLE", value=2.5, dtype=ChannelType.FLOAT)
        whole = pvproperty(name="WHOLE", value=7, dtype=ChannelType.LONG)
        short = pvproperty(name="SHORT", value=3, dtype=ChannelType.INT)
        choice = pvproperty(
            name="CHOICE", value="Off", dtype=ChannelType.ENUM, enum_strings=["Off", "On", "Standby"]
        )
        text = pvproperty(name="TEXT", value="hello", dtype=ChannelType.STRING)
        letters = pvproperty(name="LETTERS", value="some letters", max_length=200, dtype=ChannelType.CHAR)
        wave = pvproperty(name="WAVE", value=[float(i) for i in range(2000)], max_length=2000)
        long_wave = pvproperty(name="LONG_WAVE", value=list(range(20000)), max_length=20000)
        slow = pvproperty(name="SLOW", value=0.0)
        broken = pvproperty(name="BROKEN", value=0.0)
        fixed = pvproperty(name="FIXED", value=4.0, read_only=True)
        alias = pvproperty(name="ALIAS", value=1.0)
        alias_name = pvproperty(name="ALIAS.NAME", value=f"{prefix}BEHIND", dtype=ChannelType.STRING)
        ticks = pvproperty(name="TICKS", value=0, dtype=ChannelType.LONG)
        machine = pvproperty(name="MACHINE", value="Run", dtype=ChannelType.STRING)

        @ticks.startup
        async def ticks(self, instance, async_lib):
            while True:
                await instance.write(instance.value + 1)
                await async_lib.library.sleep(0.02)

    for name in ("real", "single", "whole", "short", "choice", "text", "letters", "wave", "long_wave", "alias"):
        getattr(Group, name).putter(told)

    async def slowly(group, instance, value):
        await told(group, instance, value)
        await asyncio.sleep(3600)

    async def failing(group, instance, value):
        raise ValueError("this one cannot be set")

    Group.slow.putter(slowly)
    Group.broken.putter(failing)
    return Group(prefix=prefix).pvdb


async def serve(pvdb, port: int) -> None:
    from caproto.asyncio.server import Context

    context = Context(pvdb)

    async def ready(_async_lib):
        if context.port != port:
            os._exit(1)
        print(f"READY port={port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        os._exit(0)

    await context.run(startup_hook=ready)


def main() -> None:
    options = arguments()
    port = options.port or free_port()
    beacons = socket.socket(type=socket.SOCK_DGRAM)
    beacons.bind(("127.0.0.1", 0))
    stay_on_loopback(port, beacons.getsockname()[1])
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    asyncio.run(serve(channels(options.prefix, log), port))


if __name__ == "__main__":
    main()
