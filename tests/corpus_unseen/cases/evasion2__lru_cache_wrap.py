from functools import lru_cache
import epics

lru_cache(maxsize=None)(epics.caput)("V:88", 1)
