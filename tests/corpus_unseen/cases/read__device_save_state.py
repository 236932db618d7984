import json
from pathlib import Path
from epics import Device


class PowerSupply:
    """Read-only view of a supply."""

    FIELDS = ("CURR_RB", "VOLT_RB", "STATE", "INTERLOCK")

    def __init__(self, prefix):
        self.prefix = prefix
        self._dev = Device(prefix, attrs=self.FIELDS, delim=":", mutable=False)

    def snapshot(self):
        return {field: self._dev.get(field) for field in self.FIELDS}


supplies = [PowerSupply(f"BTS:PS:Q{i}") for i in (1, 2, 3, 4)]
state = {ps.prefix: ps.snapshot() for ps in supplies}
out = Path("bts_state.json")
out.write_text(json.dumps(state, indent=1, default=str))
print(f"state of {len(state)} supplies in {out}")
