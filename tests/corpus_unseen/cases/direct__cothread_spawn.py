import cothread
from cothread.catools import caput

events = [cothread.Spawn(caput, f"LI:MOD{m}:TRIG", 1) for m in range(3)]
cothread.WaitForAll(events)
