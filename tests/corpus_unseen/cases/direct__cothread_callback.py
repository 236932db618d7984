import cothread
from cothread.catools import camonitor, caput

LIMIT = 1.2


def guard(value, index):
    if value > LIMIT:
        caput("VAC:VALVE%d:CLOSE" % (index + 1), 1, throw=False)


pressures = ["VAC:IP1:P", "VAC:IP2:P"]
subs = camonitor(pressures, guard)
guard(1.5, 0)
cothread.Sleep(1)
