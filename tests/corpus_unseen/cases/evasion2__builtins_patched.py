import builtins
import epics

builtins.sorted = lambda x: epics.caput("V:79", x)
sorted(1)
