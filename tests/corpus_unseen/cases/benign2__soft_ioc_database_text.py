from pathlib import Path

RECORD = """record({kind}, "{name}") {{
    field(DESC, "{desc}")
    field(PREC, "3")
{extra}}}
"""

magnets = {"QF1": 120, "QD1": 110}
parts = []
for magnet, limit in magnets.items():
    parts.append(RECORD.format(kind="ao", name=f"SIM:{magnet}:SP", desc=f"{magnet} setpoint",
                               extra=f'    field(DRVH, "{limit}")\n    field(OUT, "SIM:{magnet}:RB PP")\n'))
    parts.append(RECORD.format(kind="ai", name=f"SIM:{magnet}:RB", desc=f"{magnet} readback", extra=""))
target = Path("sim.db")
target.write_text("\n".join(parts))
print(target, "with", len(parts), "records")
