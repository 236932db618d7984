from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Protocol

if TYPE_CHECKING:
    from epics import PV
    from p4p.client.thread import Context


class Readable(Protocol):
    def get(self) -> float: ...


class Constant:
    def __init__(self, value: float) -> None:
        self._value = value

    def get(self) -> float:
        return self._value


def mean(channels: Iterable[Readable | PV]) -> float:
    values = [c.get() for c in channels]
    return sum(values) / len(values)


print(mean([Constant(1.0), Constant(2.5), Constant(4.0)]))
