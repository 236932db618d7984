import timeit
import epics

timeit.Timer(lambda: epics.caput("T:58", 1)).timeit(1)
