from p4p.client.thread import Context

LEVEL = {0: "ok", 1: "minor", 2: "major"}


def judge(reading):
    match (reading.severity, float(reading)):
        case (0, value) if value < 1000:
            return f"fine ({value:.1f})"
        case (0, value):
            return f"high but no alarm ({value:.1f})"
        case (level, value):
            return f"{LEVEL.get(level, 'invalid')} alarm ({value:.1f})"


with Context("pva") as ctx:
    for name in ("HALL:RAD:N1", "HALL:RAD:G1", "HALL:O2"):
        print(name, judge(ctx.get(name)))
