import sys
import time
from epics import caget, caput


def ramp_to(setpoint, readback, target, step=0.5, tolerance=0.05):
    value = caget(setpoint)
    tries = 0
    while abs(value - target) > tolerance and tries < 20:
        delta = max(-step, min(step, target - value))
        value = value + delta
        caput(setpoint, value, wait=True, timeout=10)
        tries += 1
        if abs(caget(readback) - value) > 1.0:
            print("readback is lagging", file=sys.stderr)
        time.sleep(0)
    return value


if __name__ == "__main__":
    final = ramp_to("BR:QD:I:SP", "BR:QD:I:RB", 4.0)
    print(f"arrived at {final:.3f} A")
