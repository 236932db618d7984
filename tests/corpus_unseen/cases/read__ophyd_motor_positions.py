import pandas as pd
from ophyd import EpicsMotor

records = {"dcm_theta": "BL7:DCM:TH", "dcm_gap": "BL7:DCM:GAP", "sample_x": "BL7:SMP:X"}
rows = []
for name, prefix in records.items():
    motor = EpicsMotor(prefix, name=name)
    motor.wait_for_connection(timeout=3)
    low, high = motor.limits
    rows.append({
        "name": name,
        "position": motor.position,
        "egu": motor.egu,
        "low": low,
        "high": high,
        "moving": motor.moving,
    })
frame = pd.DataFrame(rows).set_index("name")
frame["room"] = frame[["high"]].sub(frame["position"], axis=0)["high"]
print(frame.to_string(float_format=lambda v: f"{v:.4f}"))
