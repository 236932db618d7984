from functools import partial
import epics

shown = partial(epics.caput, "T:52", 0)
shown.func("T:53", 1)
