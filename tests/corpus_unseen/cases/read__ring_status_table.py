"""Print a short overview of the storage ring."""
import epics

CHANNELS = {
    "beam current": "SR:DCCT:CURRENT",
    "lifetime": "SR:DCCT:LIFETIME",
    "RF frequency": "SR:RF:FREQ",
    "gap of ID 3": "ID03:GAP:RBV",
}


def main():
    pvs = {label: epics.PV(name) for label, name in CHANNELS.items()}
    print(f"{'quantity':<16}{'value':>14}  unit   state")
    for label, pv in pvs.items():
        if not pv.wait_for_connection(timeout=2.0):
            print(f"{label:<16}{'---':>14}  no connection to {pv.pvname}")
            continue
        value = pv.get(timeout=2.0)
        if value is None:
            print(f"{label:<16}{'timeout':>14}")
            continue
        alarm = "ok" if pv.severity == 0 else f"severity {pv.severity}"
        print(f"{label:<16}{value:>14.4f}  {pv.units:<6} {alarm}")


if __name__ == "__main__":
    main()
