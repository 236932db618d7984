"""Explain how a step scan is done at the beamline.

Typical code, for a person to read::

    import epics
    epics.caput('BL7:SMP:X.VAL', 1.0, wait=True)
    dev.write_attribute('Current', 3.2)
    ctxt.put('demo:x', 4)
"""

# epics.caput('BL7:SMP:X.VAL', 0)   <- was here during commissioning, taken out
# pv = epics.PV('X'); pv.put(3)
STEPS = [
    "1. check the shutter: caget BL7:SHUTTER",
    "2. move the stage: caput BL7:SMP:X.VAL <position>",
    "3. wait for .DMOV to be 1",
    "4. count for the wanted time",
]


def explain(width=60):
    """Print the steps; `caput` is never called here."""
    for step in STEPS:  # no caput(...) in this loop
        print(step[:width])
    return len(STEPS)


print(explain(), "steps")  # motor.move(1.0) would be the next thing by hand
