from __future__ import annotations

from typing import Generic, Literal, NamedTuple, Optional, TypedDict, TypeVar, overload

T = TypeVar("T")


class Limits(NamedTuple):
    low: float
    high: float


class Entry(TypedDict, total=False):
    name: str
    mode: Literal["read", "write"]
    limits: Limits


class Channel(Generic[T]):
    def __init__(self, initial: T) -> None:
        self._value = initial

    @overload
    def access(self) -> T: ...
    @overload
    def access(self, new: T) -> None: ...

    def access(self, new: Optional[T] = None):
        if new is None:
            return self._value
        self._value = new
        return None


entry: Entry = {"name": "SR:QF1", "mode": "write", "limits": Limits(0, 120)}
channel: Channel[float] = Channel(3.0)
channel.access(entry["limits"].high / 2)
print(entry["name"], entry["mode"], channel.access())
