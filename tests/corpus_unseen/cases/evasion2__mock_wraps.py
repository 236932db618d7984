from unittest.mock import MagicMock
import epics

stand_in = MagicMock(wraps=epics.caput)
stand_in("U:30", 1)
