"""Plan a ramp and show the requests it would make."""
from collections import namedtuple

Request = namedtuple("Request", "channel value delay")
plan = []


def caput(channel, value, wait=True, delay=0.0):
    plan.append(Request(channel, round(value, 4), delay))


def caget(channel, default=50.0):
    for request in reversed(plan):
        if request.channel == channel:
            return request.value
    return default


def ramp(channel, target, step):
    now = caget(channel)
    while abs(target - now) > step:
        now += step if target > now else -step
        caput(channel, now, delay=0.2)
    caput(channel, target)


ramp("SR:QF1:CURR:SP", 52.0, 0.5)
ramp("SR:QD1:CURR:SP", 48.7, 0.5)
for request in plan:
    print(f"{request.channel:<18}{request.value:>9} then wait {request.delay} s")
print(len(plan), "requests; hand this list to the operator")
