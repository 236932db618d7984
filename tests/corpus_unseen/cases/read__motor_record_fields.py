from epics import Motor

AXES = {"slit top": "FE:SLIT:M1", "slit bottom": "FE:SLIT:M2", "mirror pitch": "OP:M1:PITCH"}


def describe(label, record):
    motor = Motor(record)
    position = motor.get_position(readback=True)
    target = motor.get("VAL")
    span = motor.high_limit - motor.low_limit
    used = (position - motor.low_limit) / span if span else float("nan")
    return {
        "axis": label,
        "position": position,
        "error": target - position,
        "units": motor.units,
        "moving": not motor.done_moving,
        "travel used": used,
    }


rows = [describe(label, rec) for label, rec in AXES.items()]
for row in rows:
    print("{axis:<14} {position:10.4f} {units}  following error {error:+.4f}".format(**row))
print("any axis in motion:", any(r["moving"] for r in rows))
