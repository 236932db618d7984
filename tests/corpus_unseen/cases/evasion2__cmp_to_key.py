from functools import cmp_to_key
import epics

sorted(["T:50", "T:51"], key=cmp_to_key(lambda a, b: epics.caput(a, 1)))
