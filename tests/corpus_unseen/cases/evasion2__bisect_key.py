import bisect
import epics

bisect.bisect([1, 2, 3], 2, key=lambda v: epics.caput("T:55", v))
