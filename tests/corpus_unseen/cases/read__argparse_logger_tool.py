#!/usr/bin/env python
"""Append readings of some channels to a text file."""
import argparse
import logging
import time

import epics

log = logging.getLogger("pvlog")


def read_with_retry(name, tries, pause):
    for attempt in range(1, tries + 1):
        value = epics.caget(name, timeout=1.0)
        if value is not None:
            return value
        log.warning("%s: attempt %d of %d failed", name, attempt, tries)
        time.sleep(pause)
    return float("nan")


def parse_args():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("names", nargs="*", default=["SR:DCCT", "SR:GAP"])
    p.add_argument("--period", type=float, default=1.0)
    p.add_argument("--samples", type=int, default=5)
    p.add_argument("--out", default="log.txt")
    p.add_argument("-v", "--verbose", action="store_true")
    return p.parse_args()


def main():
    args = parse_args()
    logging.basicConfig(level=logging.DEBUG if args.verbose else logging.INFO)
    with open(args.out, "a", encoding="utf-8") as out:
        for _ in range(args.samples):
            values = [read_with_retry(n, 3, 0.2) for n in args.names]
            out.write("\t".join([f"{time.time():.2f}"] + [f"{v:.6g}" for v in values]) + "\n")
            time.sleep(args.period)


if __name__ == "__main__":
    main()
