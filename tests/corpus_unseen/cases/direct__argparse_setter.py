#!/usr/bin/env python
import argparse
import logging

from epics import PV

log = logging.getLogger("setter")


def main():
    parser = argparse.ArgumentParser(description="Set one channel")
    parser.add_argument("--pv", default="LI:KLY3:PHASE:SP")
    parser.add_argument("--value", type=float, default=-12.5)
    parser.add_argument("--timeout", type=float, default=3.0)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    channel = PV(args.pv, connection_timeout=args.timeout)
    if not channel.wait_for_connection():
        raise SystemExit("no connection to " + args.pv)
    channel.put(args.value, wait=True)
    log.info("%s set to %g", args.pv, args.value)


if __name__ == "__main__":
    main()
