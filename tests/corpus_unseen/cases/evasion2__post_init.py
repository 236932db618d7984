from dataclasses import InitVar, dataclass
import epics


@dataclass
class Point:
    x: float
    where: InitVar[str] = "T:48"

    def __post_init__(self, where):
        epics.caput(where, self.x)


Point(1.0)
