import sched
import epics

s = sched.scheduler()
s.enter(0, 1, epics.caput, argument=("V:52",), kwargs={"value": 1})
s.run()
