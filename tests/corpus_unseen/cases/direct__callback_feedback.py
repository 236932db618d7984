import time
from epics import PV

TARGET = 1.50
steer = PV("TL:STR2:SP")
GAIN = -0.2


def on_position(pvname=None, value=None, **_):
    err = value - TARGET
    steer.put(GAIN * err)


bpm = PV("TL:BPM3:X", callback=on_position)
time.sleep(0)
