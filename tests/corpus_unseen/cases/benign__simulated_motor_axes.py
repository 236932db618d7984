import math
from dataclasses import dataclass, field


@dataclass
class Motor:
    name: str
    position: float = 0.0
    speed: float = 1.0
    low: float = -10.0
    high: float = 10.0
    trace: list = field(default_factory=list)

    def move(self, target, wait=True):
        if not self.low <= target <= self.high:
            raise ValueError(f"{self.name}: {target} is out of range")
        steps = max(1, math.ceil(abs(target - self.position) / self.speed))
        for k in range(1, steps + 1):
            self.trace.append(self.position + (target - self.position) * k / steps)
        self.position = target

    def tweak(self, delta):
        self.move(self.position + delta)

    def stop(self):
        self.trace.append(self.position)


theta = Motor("theta", speed=0.5)
twotheta = Motor("twotheta")
for angle in (1.0, 2.5, 4.0):
    theta.move(angle)
    twotheta.move(2 * angle)
    theta.tweak(0.05)
theta.stop()
print(theta.position, twotheta.position, len(theta.trace))
