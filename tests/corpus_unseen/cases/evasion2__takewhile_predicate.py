from itertools import count, takewhile
import epics

list(takewhile(lambda k: epics.caput("T:54", k) and k < 2, count()))
