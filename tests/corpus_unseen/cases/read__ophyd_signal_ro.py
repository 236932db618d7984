from ophyd import EpicsSignalRO

signals = [
    EpicsSignalRO("XF:ION1:CURRENT", name="ion1"),
    EpicsSignalRO("XF:ION2:CURRENT", name="ion2"),
    EpicsSignalRO("XF:DIODE:CURRENT", name="diode"),
]
for sig in signals:
    sig.wait_for_connection(timeout=5)

described = {}
for sig in signals:
    described.update(sig.describe())

for sig in signals:
    reading = sig.read()[sig.name]
    unit = described[sig.name].get("units", "")
    print(f"{sig.name:<6} {reading['value']:.4e} {unit} at {reading['timestamp']:.1f}")

ratio = signals[1].get() / signals[0].get()
print(f"transmission {ratio:.3f}")
