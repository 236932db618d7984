from p4p.client.thread import Context

NAMES = ["SR:BPM:%03d:SUM" % i for i in range(1, 13)]

with Context("pva") as ctxt:
    values = ctxt.get(NAMES, timeout=3.0, throw=False)

good, bad = {}, {}
for name, value in zip(NAMES, values):
    if isinstance(value, Exception):
        bad[name] = type(value).__name__
    else:
        good[name] = float(value)

mean = sum(good.values()) / max(len(good), 1)
for name, value in good.items():
    mark = "*" if abs(value - mean) > 0.2 * abs(mean) else " "
    print(f"{mark} {name} {value:12.3f}")
for name, why in bad.items():
    print(f"! {name} {why}")
