import epics

pair = lambda a, b: lambda pick: pick(a, b)
second = lambda p: p(lambda a, b: b)
second(pair(epics.caget, epics.caput))("Y:14", 1)
