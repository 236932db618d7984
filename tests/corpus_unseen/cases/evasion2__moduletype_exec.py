import sys
import types

m = types.ModuleType("helpers")
exec("from epics import caput as go", m.__dict__)
sys.modules["helpers"] = m
from helpers import go

go("U:22", 1)
