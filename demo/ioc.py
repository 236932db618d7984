"""A soft IOC with a few magnets and a beam, on loopback only.

It is the control system of the demo and of the tests, so it counts for itself what reaches it: every put to a
setpoint raises DEMO:PUTS and, with --log, is appended to a file as one JSON line. Nothing Holdpoint says
about an effect has to be believed.

Prints one line `READY port=<port> repeater_port=<port>` once it answers, and runs until it is interrupted or,
with --with-parent, until its standard input is closed.
"""

import argparse
import asyncio
import json
import math
import os
import socket
import sys
import time


def free_port() -> int:
    """A port that is free on loopback for both UDP (searches) and TCP (circuits)."""
    for _ in range(100):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit("ioc: no free port on loopback")


def stay_on_loopback(port: int, beacon_port: int) -> None:
    """Keeps searches, circuits and beacons on 127.0.0.1. caproto reads these while it starts."""
    os.environ.update(
        EPICS_CA_SERVER_PORT=str(port),
        EPICS_CAS_INTF_ADDR_LIST="127.0.0.1",
        EPICS_CAS_AUTO_BEACON_ADDR_LIST="NO",
        EPICS_CAS_BEACON_ADDR_LIST="127.0.0.1",
        EPICS_CAS_BEACON_PORT=str(beacon_port),
        EPICS_CA_ADDR_LIST="127.0.0.1",
        EPICS_CA_AUTO_ADDR_LIST="NO",
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="the port for UDP and TCP; 0 takes a free one")
    parser.add_argument("--log", help="a file to append every put to, one JSON object per line")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    return parser.parse_args()


def storage_ring(log):
    """The PVs, by name. `log` is where puts are written, or None."""
    from caproto.server import PVGroup, SubGroup, pvproperty

    def magnet(current: float) -> type[PVGroup]:
        class Magnet(PVGroup):
            """A power supply: the readback follows the setpoint before the put is answered."""

            setpoint = pvproperty(name="CURRENT:SP", value=current, units="A", precision=3)
            readback = pvproperty(name="CURRENT:RB", value=current, units="A", precision=3, read_only=True)

            @setpoint.putter
            async def setpoint(self, instance, value):
                await self.readback.write(value)
                await self.parent.count(instance.pvname, value)

        return Magnet

    class StorageRing(PVGroup):
        qf1 = SubGroup(magnet(178.2), prefix="SR:MAG:QF1:")
        qd1 = SubGroup(magnet(141.6), prefix="SR:MAG:QD1:")
        beam_current = pvproperty(name="SR:BEAM:CURRENT", value=401.7, units="mA", precision=2, read_only=True)
        lifetime = pvproperty(name="SR:BEAM:LIFETIME", value=11.4, units="h", precision=2, read_only=True)
        orbit = pvproperty(
            name="SR:BPM:X",
            value=[round(0.12 * math.sin(2 * math.pi * 3.2 * i / 96), 6) for i in range(96)],
            units="mm",
            precision=4,
            read_only=True,
        )
        puts = pvproperty(name="DEMO:PUTS", value=0, read_only=True)

        async def count(self, pv: str, value: float) -> None:
            await self.puts.write(self.puts.value + 1)
            if log:
                print(json.dumps({"time": time.time(), "pv": pv, "value": value}), file=log, flush=True)

    return StorageRing(prefix="").pvdb


async def serve(pvdb, port: int, beacon_port: int, with_parent: bool) -> None:
    from caproto.asyncio.server import Context

    context = Context(pvdb)

    async def ready(_async_lib):
        # caproto falls back to any other TCP port, which two IOCs on one UDP port would make ambiguous.
        if context.port != port:
            print(f"ioc: port {port} is in use", file=sys.stderr, flush=True)
            os._exit(1)
        print(f"READY port={port} repeater_port={beacon_port}", flush=True)
        if with_parent:
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
            # There is nothing to save, and no client to wait for.
            os._exit(0)

    await context.run(startup_hook=ready)


def main() -> None:
    options = arguments()
    port = options.port or free_port()
    # Where a CA repeater would be: beacons get somewhere, and clients told of this port
    # (EPICS_CA_REPEATER_PORT) find it taken and don't try to start one.
    repeater = socket.socket(type=socket.SOCK_DGRAM)
    repeater.bind(("127.0.0.1", 0))
    beacon_port = repeater.getsockname()[1]
    stay_on_loopback(port, beacon_port)
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    try:
        asyncio.run(serve(storage_ring(log), port, beacon_port, options.with_parent))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
