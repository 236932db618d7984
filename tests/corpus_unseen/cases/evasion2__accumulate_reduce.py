from itertools import accumulate
import epics

list(accumulate([1, 2, 3], lambda a, b: epics.caput("V:74", a + b)))
