from __future__ import annotations

import logging
from typing import Any

import epics

log = logging.getLogger(__name__)


class Machine:
    """Reads by short names."""

    ALIASES = {
        "current": "SR:DCCT:CURRENT",
        "lifetime": "SR:DCCT:LIFETIME",
        "energy": "SR:ENERGY",
    }

    def __init__(self) -> None:
        self._pvs: dict[str, epics.PV] = {}

    def _pv(self, alias: str) -> epics.PV:
        if alias not in self._pvs:
            self._pvs[alias] = epics.PV(self.ALIASES[alias])
        return self._pvs[alias]

    def __getitem__(self, alias: str) -> Any:
        value = self._pv(alias).get(timeout=2)
        if value is None:
            log.warning("%s gave nothing", alias)
        return value

    @property
    def stored_charge(self) -> float:
        circumference = 240.0
        return self["current"] * 1e-3 * circumference / 299792458.0


machine = Machine()
print(f"{machine['current']:.2f} mA, {machine.stored_charge * 1e9:.1f} nC, {machine['lifetime']:.1f} h")
