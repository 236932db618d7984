from contextlib import ExitStack
import epics

with ExitStack() as stack:
    stack.callback(epics.caput, "V:58", 0)
