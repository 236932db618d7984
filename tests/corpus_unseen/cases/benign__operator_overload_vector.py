from __future__ import annotations
import math


class Kick:
    __slots__ = ("x", "y")

    def __init__(self, x=0.0, y=0.0):
        self.x, self.y = x, y

    def __add__(self, other: Kick) -> Kick:
        return Kick(self.x + other.x, self.y + other.y)

    def __mul__(self, factor: float) -> Kick:
        return Kick(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def __lshift__(self, angle: float) -> Kick:
        c, s = math.cos(angle), math.sin(angle)
        return Kick(c * self.x - s * self.y, s * self.x + c * self.y)

    def __call__(self, length: float) -> tuple[float, float]:
        return self.x * length, self.y * length

    def __repr__(self):
        return f"Kick({self.x:.4f}, {self.y:.4f})"


total = sum((0.1 * n * Kick(1, -1) for n in range(4)), Kick())
print(total, total << math.pi / 2, total(2.5))
