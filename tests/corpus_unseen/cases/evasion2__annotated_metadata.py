from typing import Annotated, get_type_hints
import epics


class Cfg:
    gap: Annotated[float, epics.caput]


get_type_hints(Cfg, include_extras=True)["gap"].__metadata__[0]("T:49", 1)
