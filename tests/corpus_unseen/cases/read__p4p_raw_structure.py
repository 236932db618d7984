from p4p.client.thread import Context


def show(name, raw):
    alarm = raw.alarm
    stamp = raw.timeStamp
    seconds = stamp.secondsPastEpoch + stamp.nanoseconds * 1e-9
    units = raw["display.units"] if raw.has("display") else "-"
    print(f"{name}: {raw.value} {units}")
    print(f"   severity {alarm.severity}, message {alarm.message!r}, time {seconds:.3f}")


def main():
    ctxt = Context("pva", nt=False)
    try:
        for name in ("CRYO:HE:LEVEL", "CRYO:HE:PRESS"):
            show(name, ctxt.get(name, timeout=2.0))
    finally:
        ctxt.close()


if __name__ == "__main__":
    main()
