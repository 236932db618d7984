import sys

import epics


def margin(pv):
    """Return how far the value sits inside its alarm band, as a fraction."""
    limits = pv.get_ctrlvars(timeout=3)
    low, high = limits["lower_alarm_limit"], limits["upper_alarm_limit"]
    value = pv.get()
    if high <= low:
        return None
    return min(value - low, high - value) / (high - low)


def main(argv):
    names = argv or ["KLY01:HV:VOLT", "KLY01:HV:CURR", "KLY02:HV:VOLT", "KLY02:HV:CURR"]
    worst = []
    for name in names:
        pv = epics.get_pv(name, timeout=2)
        if not pv.connected:
            print(name, "is not connected")
            continue
        frac = margin(pv)
        if frac is not None:
            worst.append((frac, name))
    for frac, name in sorted(worst):
        flag = "  <-- close to its limit" if frac < 0.1 else ""
        print(f"{name:<20} {frac:6.1%}{flag}")


if __name__ == "__main__":
    main(sys.argv[1:])
