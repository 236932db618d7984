from concurrent.futures import Future
import epics

f = Future()
f.add_done_callback(lambda fut: epics.caput("V:57", fut.result()))
f.set_result(1)
