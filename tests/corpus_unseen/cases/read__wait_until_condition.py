import sys
import time
import epics


def wait_for(pv, predicate, timeout, poll=0.5):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = pv.get(use_monitor=False)
        if value is not None and predicate(value):
            return value
        time.sleep(poll)
    raise TimeoutError(f"{pv.pvname} did not get there in {timeout} s")


pressure = epics.PV("LN:GUN:VAC:P")
try:
    final = wait_for(pressure, lambda p: p < 500, timeout=600)
except TimeoutError as err:
    print(err, file=sys.stderr)
    sys.exit(1)
print("good enough:", final)
